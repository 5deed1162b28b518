/** What the API shows and others make: the observer, the telemetry store, alerting, the console's files. */
import type { ClusterDriver } from '../cluster/driver.ts';
import { fail } from '../errors.ts';
import type { Home } from '../home.ts';
import type { Watcher } from '../observe/watcher.ts';
import type { Records } from '../records/records.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { TelemetryStore } from '../telemetry/store/contract.ts';
import type { EventBus } from './eventBus.ts';
import type { AlertsView, Reach } from './reach.ts';

export interface PartsOptions {
  readonly home: Home;
  readonly records: Records;
  readonly secrets: Secrets;
  readonly driver: ClusterDriver;
  readonly bus: EventBus;
  readonly log: (message: string) => void;
}

export type Parts = Pick<Reach, 'watcher' | 'store' | 'alerting'> & { close(): Promise<void> };

export async function openParts({ records }: PartsOptions): Promise<Parts> {
  const watcher: Watcher = recordsWatcher(records);
  const store: TelemetryStore = emptyStore;
  const alerting: AlertsView = { objectives: () => [], alerts: () => [] };
  return { watcher, store, alerting, close: async () => watcher.stop() };
}

export async function consoleDirectory(_cache: string, _repoRoot: string): Promise<string> {
  return fail('NOT_SUPPORTED', { what: 'The console', reason: 'it is not part of this build', help: '' });
}

function recordsWatcher(records: Records): Watcher {
  const summaries = () =>
    records.pipelines().map((record) => ({
      ...{ pipeline: record.pipeline, blueprint: record.blueprint, revision: record.revision, state: record.state },
      ...{ reason: 'as recorded', next: null, sinceMs: 0, ratePerSecond: null, endToEnd: null, lagSeconds: null },
      ledger: { balanced: 0, inFlight: 0, unbalanced: 0, unknown: 0, lost: 0, duplicated: 0 },
      ...{ alerts: 0, endpoints: { ...record.endpoints }, workflowUrl: null },
    }));
  return {
    start: () => {},
    stop: async () => {},
    summaries,
    summary: (pipeline) => summaries().find((each) => each.pipeline === pipeline),
    graph: () => undefined,
    history: (pipeline) => ({ pipeline, stepMs: 1000, points: [] }),
    ledger: () => undefined,
    lag: () => undefined,
    on: () => () => {},
  };
}

const emptyStore: TelemetryStore = {
  addSpans: () => {},
  addMetrics: () => {},
  addLogs: () => {},
  flush: async () => {},
  searchTraces: async () => [],
  trace: async () => undefined,
  heatmap: async () => ({ fromMs: 0, stepMs: 1, latencyBoundsMs: [], counts: [], exemplars: [] }),
  stats: () => ({
    spans: 0,
    metricPoints: 0,
    logs: 0,
    bytes: 0,
    maxBytes: 0,
    oldestMs: null,
    retentionMs: 0,
    dropped: {},
  }),
  close: async () => {},
};
