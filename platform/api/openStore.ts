/** The telemetry store, or what stands in its place: the API goes on without one, and says why to whoever asks for a trace. */
import { setTimeout as sleep } from 'node:timers/promises';
import { asMillraceError, MillraceError } from '../errors.ts';
import type { Home } from '../home.ts';
import { defaultStoreBounds, storeBoundsOf } from '../telemetry/store/bounds.ts';
import type { StoreStats, TelemetryStore } from '../telemetry/store/contract.ts';
import { openTelemetryStore } from '../telemetry/store/open.ts';
import { tailSpanFiles } from '../telemetry/store/tailSpanFiles.ts';

/** Bounded as `env` says (bounds.ts). */
export async function openStore(
  home: Home,
  env: NodeJS.ProcessEnv,
  log: (message: string) => void,
): Promise<TelemetryStore> {
  try {
    const bounds = storeBoundsOf(env);
    const store = await patiently(() => openTelemetryStore({ directory: home.storeDir, ...bounds, log }));
    tailSpanFiles(home.spansDir, store);
    return store;
  } catch (thrown) {
    const error = asMillraceError(thrown);
    log(`there is no telemetry store: ${error.message}`);
    return brokenStore(error);
  }
}

/** A process that is just ending may still have it. */
async function patiently<T>(open: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await open();
    } catch (thrown) {
      const isTaken = thrown instanceof MillraceError && thrown.code === 'TELEMETRY_STORE_TAKEN';
      if (!isTaken || attempt >= takenAttempts) throw thrown;
      await sleep(takenPauseMs);
    }
  }
}

const [takenAttempts, takenPauseMs] = [10, 500];

function brokenStore(error: MillraceError): TelemetryStore {
  let dropped = 0;
  const refuse = async () => {
    throw error;
  };
  const drop = (count: number) => {
    dropped += count;
  };
  const empty: StoreStats = {
    ...{ spans: 0, metricPoints: 0, logs: 0, bytes: 0, oldestMs: null },
    ...{ ...defaultStoreBounds, dropped: {} },
  };
  return {
    addSpans: (_origin, spans) => drop(spans.length),
    addMetrics: (points) => drop(points.length),
    addLogs: (logs) => drop(logs.length),
    room: () => 0,
    flush: async () => {},
    searchTraces: refuse,
    trace: refuse,
    heatmap: refuse,
    metric: refuse,
    metricNames: refuse,
    searchLogs: refuse,
    stats: () => ({ ...empty, dropped: { [error.code]: dropped } }),
    close: async () => {},
  };
}
