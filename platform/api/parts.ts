/** What the API shows and others make: the observer, alerting, the telemetry store. Joined here, and told to the bus. */
import type { ClusterDriver } from '../cluster/driver.ts';
import type { Home } from '../home.ts';
import type { Alerting } from '../jobs/alerting.ts';
import { apiTask } from '../model/controlPlane.ts';
import { freshnessMsOf, objectivesOf } from '../model/objective.ts';
import { inStandardWindows } from '../objectives/burnWindows.ts';
import { sampleOf } from '../objectives/sample.ts';
import { createSightReader } from '../observe/metricSights.ts';
import { createWatcher } from '../observe/watch/createWatcher.ts';
import type { WatchEvent, Watcher } from '../observe/watcher.ts';
import { newestDeadLetter } from '../operate/newestDeadLetter.ts';
import { queueReader } from '../operate/readQueues.ts';
import { namesOf, type Records } from '../records/records.ts';
import type { Secrets } from '../secrets/secrets.ts';
import { pointDrops, type TelemetryDrop } from '../telemetry/drops.ts';
import { createMetricExport } from '../telemetry/export/metricExport.ts';
import type { EventBus } from './eventBus.ts';
import { openAlerting } from './openAlerting.ts';
import { openStore } from './openStore.ts';
import { isRecorded, type Reach } from './reach.ts';

export interface PartsOptions {
  readonly home: Home;
  readonly records: Records;
  readonly secrets: Secrets;
  readonly driver: ClusterDriver;
  readonly bus: EventBus;
  readonly env: NodeJS.ProcessEnv;
  readonly log: (message: string) => void;
  readonly workflowUrl: (pipeline: string) => string | null;
  /** What this process could not write or deliver, beside its metrics. */
  readonly drops: () => readonly TelemetryDrop[];
}

export type Parts = Pick<Reach, 'watcher' | 'store' | 'alerting' | 'drops'> & { close(): Promise<void> };

const goneEveryMs = 5000;

export async function openParts(options: PartsOptions): Promise<Parts> {
  const { home, records, secrets, driver, bus, log, workflowUrl } = options;
  const store = await openStore(home, options.env, log);
  const alerting = openAlerting(home, log);
  const watcher = createWatcher({
    ...{ home, records, secrets, driver, log },
    freshnessMs: ({ plan }) => freshnessMsOf(objectivesOf(plan.spec)),
    workflowUrl: ({ pipeline }) => workflowUrl(pipeline),
    alerts: (pipeline) => alerting.firing(pipeline),
    readQueues: queueReader({ records, secrets }),
    newestDeadLetter: (pipeline, topics) => newestDeadLetter({ records, secrets }, pipeline, topics),
  });
  watcher.on((event) => {
    // A look that was under way at the end of a destroy would bring the pipeline back to the pages.
    if (event.kind === 'seen' && !isRecorded({ records }, event.pipeline)) return;
    tell(bus, event);
    if (event.kind === 'seen') judge(event, { watcher, alerting, records, log });
  });
  alerting.on((alert) => {
    const { id, pipeline } = alert;
    bus.publish({ source: '/alerts', type: 'millrace.alert', subject: pipeline, data: { ...alert, id } });
  });
  const forgetting = setInterval(() => keepKnown(alerting, records), goneEveryMs);
  alerting.start();
  watcher.start();
  // To a collector, where the environment names one; nothing is loaded otherwise.
  const metrics = createMetricExport({
    read: createSightReader({
      records: () => records.readablePipelines().records,
      watcher,
      objectives: (pipeline) => objectivesIn(alerting, pipeline),
    }),
    ...{ service: 'millrace.api', instance: apiTask, env: options.env, drops: options.drops },
  });
  const close = async () => {
    clearInterval(forgetting);
    // Side by side: a collector, Kafka or a webhook that does not answer must not cost the others the seconds that there are.
    await Promise.allSettled([metrics.shutdown(), watcher.stop(), alerting.stop(), store.close()]);
  };
  const drops = () => [...options.drops(), ...pointDrops(apiTask, metrics.counters)];
  return { watcher, store, alerting, drops, close };
}

const types = {
  state: 'millrace.pipeline.state',
  fault: 'millrace.ledger.fault',
  acknowledged: 'millrace.ledger.acknowledged',
} as const;

function tell(bus: EventBus, event: WatchEvent): void {
  const { kind, pipeline, ...data } = event;
  if (kind === 'seen') {
    bus.live('seen', { pipeline, ...data });
    return;
  }
  bus.publish({ source: `/pipelines/${pipeline}`, type: types[kind], subject: pipeline, data: { pipeline, ...data } });
}

interface Judging {
  readonly watcher: Watcher;
  readonly alerting: Alerting;
  readonly records: Records;
  readonly log: (message: string) => void;
}

function judge(
  { pipeline, summary, graph }: WatchEvent & { kind: 'seen' },
  { watcher, alerting, records, log }: Judging,
): void {
  try {
    const record = records.pipeline(pipeline);
    if (record === undefined) return;
    const { atMs } = graph;
    const stages = watcher.newest(pipeline)?.stages ?? {};
    const sample = sampleOf(summary, watcher.ledger(pipeline), { atMs, stages });
    alerting.observe(pipeline, objectivesOf(record.plan.spec), sample);
  } catch (thrown) {
    // An alert that can't be written: the next look makes it again.
    log(`the objectives of ${pipeline} could not be judged: ${(thrown as Error).message}`);
  }
}

/** Pipelines that were destroyed, whoever watched. A record that can't be read is no reason to forget one. */
function keepKnown(alerting: Alerting, records: Records): void {
  try {
    alerting.keepOnly(namesOf(records.readablePipelines()));
  } catch {
    // The next look.
  }
}

/** Without a list of alerts the other metrics go on. */
function objectivesIn(alerting: Alerting, pipeline: string) {
  try {
    const objectives = alerting.objectives(pipeline);
    return objectives.map((each) => ({ ...each, burnRates: inStandardWindows(each.burnRates) }));
  } catch {
    return [];
  }
}
