/**
 * The health port of a Node task: GET /healthz says whether it is ready and what it waits for, GET /metrics.json counts,
 * GET /stages.json gives the pathways and the ledger's pages of its stages, with `?since=MS` of windows from then on.
 */
import type { Server } from 'node:http';
import type { StageReport } from '../telemetry/stageMeter.ts';
import type { NodeTaskConfig } from './config.ts';

/** Not by `import`, which reads its every export and so loads a web socket client: 40 ms of CPU, 11 MiB. */
const { createServer } = process.getBuiltinModule('node:http');

export interface HealthState {
  readonly ready: boolean;
  /** Empty when ready. */
  readonly waitingFor: string;
}

export interface HealthSources {
  readonly state: () => HealthState;
  readonly metrics: () => Readonly<Record<string, unknown>>;
  /** None by default. `sinceMs`: of the ledger, only windows that began at this time or later. */
  readonly stages?: (sinceMs: number) => readonly StageReport[];
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

type Identity = Pick<NodeTaskConfig, 'task' | 'pipeline' | 'revision'>;
export type HealthConfig = Identity & { readonly listen: Pick<NodeTaskConfig['listen'], 'address' | 'health'> };

/** Listens on `listen.health` (0: any free port). Rejects when the port can't be had. */
export async function startHealthServer(config: HealthConfig, sources: HealthSources): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const [status, body] = answer(config, sources, request.method ?? '', request.url ?? '');
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(`${JSON.stringify(body)}\n`);
  });
  await listen(server, config.listen);
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : config.listen.health,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function answer(
  config: Identity,
  { state, metrics, stages }: HealthSources,
  method: string,
  url: string,
): [number, unknown] {
  const { task, pipeline, revision } = config;
  const [path, query] = url.split('?');
  if (method !== 'GET') return [405, { error: 'only GET is answered here' }];
  if (path === '/metrics.json') return [200, { task, pipeline, revision, ...metrics() }];
  if (path === '/stages.json') {
    const { waitingFor } = state();
    return [200, { task, pipeline, revision, waitingFor, stages: stages?.(sinceOf(query)) ?? [] }];
  }
  if (path !== '/healthz') return [404, { error: 'there are /healthz, /metrics.json and /stages.json' }];
  const { ready, waitingFor } = state();
  return [ready ? 200 : 503, { task, pipeline, revision, ready, waitingFor }];
}

/** `?since=MILLISECONDS`; all there is without it, or with something else. */
function sinceOf(query: string | undefined): number {
  const sinceMs = Number(new URLSearchParams(query).get('since') ?? 0);
  return Number.isFinite(sinceMs) ? sinceMs : 0;
}

function listen(server: Server, { address, health }: HealthConfig['listen']): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(health, address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
