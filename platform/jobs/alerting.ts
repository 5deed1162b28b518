/**
 * From looks at pipelines to alerts that are delivered. Lives in the API's process, which may be killed at any moment: an alert
 * is on disk before it is queued, queued before it is delivered, and marked as delivered before its job ends. What is repeated
 * after a kill bears the id of the first time.
 */
import type { Alert, AlertFacts, ObjectiveStatus } from '../api/contract/pipelines.ts';
import type { RedisAccess } from '../connectors/config.ts';
import type { Home } from '../home.ts';
import type { Objectives } from '../model/objective.ts';
import type { Sample } from '../objectives/sample.ts';
import { type AlertQueueOptions, createAlertQueue } from './alertQueue.ts';
import { AlertStore } from './alertStore.ts';
import { PipelineBudgets } from './budgets.ts';
import { factsOf } from './deliver.ts';
import { Delivery } from './delivery.ts';
import { readWebhook, type Webhook } from './webhook.ts';

export interface AlertingOptions {
  readonly home: Home;
  /** Of the control plane's Valkey: `() => controlRedisAccess(home)` (platform/control/redis.ts). */
  readonly connectionOfControlRedis: () => RedisAccess | undefined;
  /** Default: what is kept in the home. */
  readonly webhook?: () => Webhook | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: (line: string) => void;
  readonly retry?: AlertQueueOptions['retry'];
  /** What was given up is tried again after this long. Default: owed.ts. */
  readonly againAfterMs?: number;
}

export interface Alerting {
  /** Begins to deliver, what an earlier process has left, too; returns at once. */
  start(): void;
  /** Writes what is not written yet; lets the delivery in hand end. */
  stop(): Promise<void>;
  /**
   * Takes a look at a pipeline into account; at most once a second or so. `objectives`: `objectivesOf(plan.spec)`. Throws
   * STATE_UNAVAILABLE when an alert begins or ends and can't be written: the next look makes it again.
   */
  observe(pipeline: string, objectives: Objectives, sample: Sample): void;
  /** The pipeline is gone: its alerts end, its budgets are forgotten. */
  forget(pipeline: string): void;
  /** Forgets all others, those too that were destroyed while nobody watched: one of the same name begins with a whole budget. */
  keepOnly(pipelines: readonly string[]): void;
  /** Firing first, then the newest. */
  alerts(): readonly Alert[];
  /** How many fire, of one pipeline. */
  firing(pipeline: string): number;
  /** Empty for a pipeline that was not observed. */
  objectives(pipeline: string): readonly ObjectiveStatus[];
  /** Called with each alert that begins, ends, or whose delivery goes on. Answers a function that ends it. */
  on(listener: (alert: Alert) => void): () => void;
  /** What keeps alerts from being delivered; undefined: nothing. */
  waitingFor(): string | undefined;
}

/** Throws CORRUPT_STATE, FOREIGN_STATE, STATE_UNAVAILABLE of the list of alerts. */
export function createAlerting(options: AlertingOptions): Alerting {
  const { home, now, log, connectionOfControlRedis: access } = options;
  const webhook = options.webhook ?? (() => readWebhook(home));
  const listeners = new Set<(alert: Alert) => void>();
  const store = new AlertStore(home, (alert) => {
    for (const listener of listeners) listener(alert);
  });
  const budgets = new PipelineBudgets(home, log);
  const { retry, againAfterMs } = options;
  const delivery: Delivery = new Delivery({ store, webhook, now, log, againAfterMs }, (handlers) =>
    createAlertQueue({ access, log, ...handlers, ...(retry && { retry }) }),
  );
  const forget = (isGone: (pipeline: string) => boolean) => {
    const gone = store.all().filter(({ state, pipeline }) => state === 'firing' && isGone(pipeline));
    for (const alert of gone) store.tell(endOf(alert, now()), delivery.wanted());
    budgets.forget(isGone);
    if (gone.length > 0) delivery.kick();
  };
  return {
    start: () => delivery.start(),
    stop: async () => {
      // First: a delivery in hand may take longer than this process is given.
      budgets.save(now(), true);
      await delivery.stop();
    },
    observe: (pipeline, objectives, sample) => {
      const told = budgets.observe(pipeline, objectives, sample, store.firingOf(pipeline));
      const isNew = told.map((alert) => store.tell(alert, delivery.wanted()));
      budgets.save(sample.atMs, isNew.length > 0);
      if (isNew.length > 0) delivery.kick();
    },
    forget: (pipeline) => forget((each) => each === pipeline),
    keepOnly: (pipelines) => {
      const kept = new Set(pipelines);
      forget((each) => !kept.has(each));
    },
    alerts: () => store.all(),
    firing: (pipeline) => store.firingOf(pipeline).length,
    objectives: (pipeline) => budgets.statuses(pipeline, now()),
    on: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    waitingFor: () => delivery.waitingFor(),
  };
}

function endOf(alert: Alert, nowMs: number): AlertFacts {
  const text = `${alert.pipeline}: the pipeline is gone, and objective "${alert.name}" with it.`;
  return { ...factsOf(alert), state: 'resolved', resolvedMs: nowMs, text, next: 'Nothing.' };
}
