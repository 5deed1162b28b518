/** What the API shows and others make: the observer, alerting, the telemetry store. Joined here, and told to the bus. */
import type { ClusterDriver } from '../cluster/driver.ts';
import { controlRedisAccess } from '../control/redis.ts';
import type { Home } from '../home.ts';
import { type Alerting, createAlerting } from '../jobs/alerting.ts';
import { objectivesOf } from '../model/objective.ts';
import { sampleOf } from '../objectives/sample.ts';
import { createWatcher } from '../observe/watch/createWatcher.ts';
import type { WatchEvent, Watcher } from '../observe/watcher.ts';
import type { Records } from '../records/records.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { EventBus } from './eventBus.ts';
import { openStore } from './openStore.ts';
import type { Reach } from './reach.ts';

export interface PartsOptions {
  readonly home: Home;
  readonly records: Records;
  readonly secrets: Secrets;
  readonly driver: ClusterDriver;
  readonly bus: EventBus;
  readonly log: (message: string) => void;
  readonly workflowUrl: (pipeline: string) => string | null;
}

export type Parts = Pick<Reach, 'watcher' | 'store' | 'alerting'> & { close(): Promise<void> };

const goneEveryMs = 5000;

export async function openParts(options: PartsOptions): Promise<Parts> {
  const { home, records, secrets, driver, bus, log, workflowUrl } = options;
  const store = await openStore(home, log);
  const alerting = createAlerting({
    home,
    connectionOfControlRedis: () => controlRedisAccess(home),
    now: Date.now,
    log,
  });
  const watcher = createWatcher({
    ...{ home, records, secrets, driver, log },
    freshnessMs: ({ plan }) => freshnessMs(objectivesOf(plan.spec)),
    workflowUrl: ({ pipeline }) => workflowUrl(pipeline),
    alerts: (pipeline) => alerting.firing(pipeline),
  });
  watcher.on((event) => {
    tell(bus, event);
    if (event.kind === 'seen') judge(event, { watcher, alerting, records });
  });
  alerting.on((alert) => {
    const { id, pipeline } = alert;
    bus.publish({ source: '/alerts', type: 'millrace.alert', subject: pipeline, data: { ...alert, id } });
  });
  const forgetting = setInterval(() => forgetGone(alerting, records), goneEveryMs);
  alerting.start();
  watcher.start();
  const close = async () => {
    clearInterval(forgetting);
    await watcher.stop();
    await alerting.stop();
    await store.close();
  };
  return { watcher, store, alerting, close };
}

/** The strictest that the blueprint asks for, of the way as a whole. */
function freshnessMs(objectives: ReturnType<typeof objectivesOf>): number | undefined {
  const asked = Object.values(objectives).flatMap((each) =>
    each.kind === 'freshness' ? [each.withinSeconds * 1000] : [],
  );
  return asked.length === 0 ? undefined : Math.min(...asked);
}

function tell(bus: EventBus, event: WatchEvent): void {
  const { kind, pipeline, ...data } = event;
  if (kind === 'seen') return bus.live('seen', { pipeline, ...data });
  const type = kind === 'state' ? 'millrace.pipeline.state' : 'millrace.ledger.fault';
  bus.publish({ source: `/pipelines/${pipeline}`, type, subject: pipeline, data: { pipeline, ...data } });
}

interface Judging {
  readonly watcher: Watcher;
  readonly alerting: Alerting;
  readonly records: Records;
}

const newestMs = 60_000;

function judge(
  { pipeline, summary, graph }: WatchEvent & { kind: 'seen' },
  { watcher, alerting, records }: Judging,
): void {
  const record = records.pipeline(pipeline);
  if (record === undefined) return;
  const { atMs } = graph;
  const { points } = watcher.history(pipeline, { fromMs: atMs - newestMs, toMs: atMs, points: 60 });
  const stages = points.at(-1)?.stages ?? {};
  const sample = sampleOf(summary, watcher.ledger(pipeline), { atMs, stages });
  alerting.observe(pipeline, objectivesOf(record.plan.spec), sample);
}

/** Pipelines that were destroyed, whoever watched. A record that can't be read is no reason to forget one. */
function forgetGone(alerting: Alerting, records: Records): void {
  const fired = new Set(
    alerting
      .alerts()
      .filter(({ state }) => state === 'firing')
      .map(({ pipeline }) => pipeline),
  );
  for (const pipeline of fired) {
    try {
      if (records.pipeline(pipeline) === undefined) alerting.forget(pipeline);
    } catch {
      // Told by whoever asks for it.
    }
  }
}
