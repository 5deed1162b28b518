/** A service of a blueprint as a task: its module, its clients, its HTTP app, its health and its orderly end. */
import { existsSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FastifyInstance } from 'fastify';
import type { NodeTaskConfig } from '../connectors/config.ts';
import { startHealthServer } from '../connectors/health.ts';
import { fail } from '../errors.ts';
import { createSpanRecorder } from '../telemetry/recorder.ts';
import { type Clients, createClients } from './clients.ts';
import type { DocumentHeading } from './openApi.ts';
import type { Service, ServiceDefinition } from './service.ts';

export interface ServiceTaskOptions {
  readonly repoRoot: string;
  readonly log: (message: string) => void;
  readonly env: NodeJS.ProcessEnv;
}

export interface ServiceTask {
  /** Port of `/healthz`, for tests that asked for any free one. */
  readonly healthPort: number;
  stop(): Promise<void>;
}

/** Listens at once. Throws INVALID_BLUEPRINT when the entry holds no service; rejects when a port can't be had. */
export async function startServiceTask(config: NodeTaskConfig, options: ServiceTaskOptions): Promise<ServiceTask> {
  const { log, env } = options;
  const { task, pipeline, role, spansDir, listen } = config;
  const name =
    role.kind === 'module' ? role.service : fail('INTERNAL', { reason: `${task} is no service of a blueprint` });
  const runs = config.spec.services[name]?.runs;
  const uses = runs?.kind === 'module' ? runs.uses : [];
  let running: Running | undefined;
  const stopping = new AbortController();
  const waitingFor = () => {
    if (running === undefined) return 'its start';
    if (stopping.signal.aborted) return 'its end';
    return [running.clients.waitingFor(), running.service.waitingFor?.()].filter(Boolean).join('; ');
  };
  // The health port first: from now on it says what is missing.
  const health = await startHealthServer(config, {
    state: () => ({ ready: waitingFor() === '', waitingFor: waitingFor() }),
    metrics: () => ({
      memoryMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
      spans: recorder.counters,
      ...running?.service.metrics?.(),
    }),
    stages: () => running?.service.stages?.() ?? [],
  });
  const recorder = createSpanRecorder({ service: `${pipeline}.${name}`, instance: task, spansDir, env });
  const definition = await loadService(config, options.repoRoot);
  const clients = createClients(config, uses, log);
  const { cassandra, redis, projection } = clients;
  const signal = stopping.signal;
  const service = definition.create({ config, recorder, log, stopping: signal, cassandra, redis, projection });
  const heading = { title: definition.title, version: String(config.revision) };
  const app = await serve(listen, heading, service, log);
  running = { service, clients };
  return {
    healthPort: health.port,
    async stop() {
      stopping.abort();
      await app?.close();
      await service.stop?.();
      await clients.close();
      await recorder.shutdown();
      await health.close();
    },
  };
}

interface Running {
  readonly service: Service;
  readonly clients: Clients;
}

/**
 * All instances of a service listen on one port; the kernel shares the connections out (SO_REUSEPORT, Node ≥ 23.1). A service
 * without a port loads no HTTP server (0.1 s of CPU) and answers undefined.
 */
async function serve(
  { address: host, service: port }: NodeTaskConfig['listen'],
  heading: DocumentHeading,
  { routes = [] }: Service,
  log: ServiceTaskOptions['log'],
): Promise<FastifyInstance | undefined> {
  if (port === undefined) return undefined;
  const { createHttpApp } = await import('./httpApp.ts');
  const app = createHttpApp(heading, routes, log);
  // `reusePort` is not in fastify's types; it hands all options to server.listen.
  const options = { host, port, reusePort: true };
  await app.listen(options);
  return app;
}

/** The entry is a path within the blueprint's folder. */
async function loadService({ role, spec }: NodeTaskConfig, repoRoot: string): Promise<ServiceDefinition> {
  const entry = role.kind === 'module' ? role.entry : '';
  const folder = resolve(join(repoRoot, 'blueprints', spec.name));
  const file = resolve(folder, entry);
  const path = `services.${role.kind === 'module' ? role.service : ''}.runs.entry`;
  const refuse = (reason: string) => fail('INVALID_BLUEPRINT', { name: spec.name, path, reason });
  if (!file.startsWith(folder + sep)) return refuse(`"${entry}" lies outside the blueprint's folder`);
  if (!existsSync(file)) return refuse(`"${entry}" is not there`);
  const module: { readonly service?: Partial<ServiceDefinition> } = await import(pathToFileURL(file).href);
  if (typeof module.service?.create !== 'function') return refuse(`"${entry}" exports no "service"`);
  return module.service as ServiceDefinition;
}
