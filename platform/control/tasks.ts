/** The control plane's own tasks: Temporal, the platform worker and the API (Valkey: redis.ts). Pure rendering. */
import { join } from 'node:path';
import type { TaskSpec } from '../cluster/driver.ts';
import type { Artifacts } from '../frameworks/contract.ts';
import type { Home } from '../home.ts';
import { apiTask, controlLimits, temporalTask, workerTask } from '../model/controlPlane.ts';
import { namespace } from '../workflows/messages.ts';

export interface ControlPorts {
  readonly temporal: number;
  readonly ui: number;
  readonly http: number;
  readonly metrics: number;
  readonly api: number;
  readonly redis: number;
  /** OTLP over gRPC, of the API. */
  readonly otlp: number;
}

export const controlAddress = '127.0.0.1';
const owner = { kind: 'platform', name: 'millrace' } as const;
const stop = { signal: 'SIGTERM', graceMs: 10_000 } as const;

/**
 * Temporal's development server on SQLite. It has no authentication of its own and listens on loopback only.
 * `timerProcessorMaxTimeShift`: short timers would otherwise fire up to a second late (measured; see DESIGN).
 */
export function renderTemporal(
  node: string,
  ports: Omit<ControlPorts, 'api' | 'redis' | 'otlp'>,
  artifacts: Artifacts,
): TaskSpec {
  const listen = (name: string, port: number) => ({ name, address: controlAddress, port });
  return {
    id: temporalTask,
    node,
    owner,
    argv: [
      artifacts.temporal,
      ...['server', 'start-dev', '--ip', controlAddress, '--namespace', namespace],
      ...['--port', String(ports.temporal), '--ui-port', String(ports.ui)],
      ...['--http-port', String(ports.http), '--metrics-port', String(ports.metrics)],
      ...['--db-filename', '{dataDir}/temporal.db', '--log-level', 'warn', '--log-format', 'json'],
      ...['--dynamic-config-value', 'history.timerProcessorMaxTimeShift="1ms"'],
      ...['--dynamic-config-value', 'frontend.enableExecuteMultiOperation=true'],
    ],
    // Its heap may grow to three times what lives before it is collected: a ninth less CPU in a deploy, 173 to 192 instead of 178 MiB.
    env: { GOGC: '200' },
    files: [],
    ports: [
      listen('frontend', ports.temporal),
      listen('ui', ports.ui),
      listen('http', ports.http),
      listen('metrics', ports.metrics),
    ],
    limits: controlLimits[temporalTask],
    stop,
    tier: 0,
    keepsData: true,
  };
}

export interface WorkerSettings {
  readonly home: Home;
  readonly cache: string;
  readonly repoRoot: string;
  readonly temporalAddress: string;
  /** Hash of the platform's sources: a worker of other sources is another task, and is replaced. */
  readonly sources: string;
  /** Variables of the caller that the worker must see: `OTEL_*`, `MILLRACE_JAVA`, `NODE_EXTRA_CA_CERTS`. */
  readonly env: Readonly<Record<string, string>>;
}

export function renderWorker(node: string, artifacts: Artifacts, settings: WorkerSettings): TaskSpec {
  return {
    id: workerTask,
    node,
    owner,
    argv: [
      artifacts.node,
      '--disable-warning=ExperimentalWarning',
      '--max-old-space-size=256',
      join(settings.repoRoot, 'platform/control/worker.ts'),
    ],
    env: {
      ...settings.env,
      MILLRACE_HOME: settings.home.root,
      MILLRACE_CACHE: settings.cache,
      MILLRACE_TEMPORAL: settings.temporalAddress,
      MILLRACE_SOURCES: settings.sources,
      NODE_COMPILE_CACHE: join(settings.cache, 'compile-cache'),
      NODE_ENV: 'production',
    },
    files: [],
    ports: [],
    limits: controlLimits[workerTask],
    stop,
    tier: 0,
    keepsData: false,
  };
}

export interface ApiSettings extends Omit<WorkerSettings, 'temporalAddress'> {
  readonly ports: ControlPorts;
}

/**
 * The HTTP API with the observer and the telemetry store. Tier 4: started last, stopped first, and at a lower priority, so that
 * it takes nothing from a deploy or from the data.
 */
export function renderApi(node: string, artifacts: Artifacts, settings: ApiSettings): TaskSpec {
  const { home, cache, repoRoot, ports, sources, env } = settings;
  return {
    id: apiTask,
    node,
    owner,
    argv: [
      artifacts.node,
      '--disable-warning=ExperimentalWarning',
      '--max-old-space-size=96',
      '--max-semi-space-size=2',
      join(repoRoot, 'platform/api/main.ts'),
    ],
    env: {
      ...env,
      MILLRACE_HOME: home.root,
      MILLRACE_CACHE: cache,
      MILLRACE_API_PORT: String(ports.api),
      MILLRACE_OTLP_PORT: String(ports.otlp),
      MILLRACE_SOURCES: sources,
      // Of glibc: one heap for all threads.
      MALLOC_ARENA_MAX: '1',
      NODE_COMPILE_CACHE: join(cache, 'compile-cache'),
      NODE_ENV: 'production',
    },
    files: [],
    ports: [
      { name: 'http', address: controlAddress, port: ports.api },
      { name: 'otlp', address: controlAddress, port: ports.otlp },
    ],
    limits: controlLimits[apiTask],
    stop: { signal: 'SIGTERM', graceMs: 5000 },
    tier: 4,
    keepsData: false,
  };
}
