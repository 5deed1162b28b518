/** Brings queued alerts to the webhook: from the list on disk into the queue, from the queue to the webhook, and back what became of it. */
import type { Alert } from '../api/contract/pipelines.ts';
import { reasonOf } from '../connectors/backoff.ts';
import { type AlertQueue, type AlertQueueOptions, jobIdOf, NotDeliverable } from './alertQueue.ts';
import type { AlertStore } from './alertStore.ts';
import { type AlertEvent, alertEvent, eventIdOf, post } from './deliver.ts';
import { defaultAgainAfterMs, isOwed, isPromising, type Moment } from './owed.ts';
import type { Webhook } from './webhook.ts';

/** What did not come into the queue (Valkey was away) is tried again after this long. */
const lookEveryMs = 2000;
const addAgainMs = 60_000;

export interface DeliveryOptions {
  readonly store: AlertStore;
  readonly webhook: () => Webhook | undefined;
  readonly now: () => number;
  readonly log: (line: string) => void;
  readonly againAfterMs?: number | undefined;
}

type Handlers = Pick<AlertQueueOptions, 'deliver' | 'gaveUp'>;

export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #queue: AlertQueue;
  /**
   * When each event was added to the queue, by its id. Not kept: after a restart all are added again, under the same ids; so
   * they are now and then anyway, in case that Valkey has lost its data.
   */
  readonly #added = new Map<string, number>();
  /** When the webhook took an alert. Not kept: what was given up is tried again in any case. */
  #answeredMs = 0;
  /**
   * Events that were posted and could not be noted yet (a full disk), with the `sinceMs` of the webhook that took them: only
   * the note is tried again. Not kept: after a kill they are posted once more.
   */
  readonly #posted = new Map<string, number>();
  /**
   * Refusals, by the event's id: a list that can't be written (a full disk) knows nothing of them, and each would be followed by the
   * next attempt at once, until none is left.
   */
  readonly #refused = new Map<string, NonNullable<Alert['refusal']>>();
  #timer: NodeJS.Timeout | undefined;
  #adding: Promise<void> | undefined;
  #saidOfWebhook = '';
  #saidOfQueue = '';

  constructor(options: DeliveryOptions, makeQueue: (handlers: Handlers) => AlertQueue) {
    this.#options = options;
    this.#queue = makeQueue({
      deliver: (event) => this.#deliver(event),
      gaveUp: (event, reason) => this.#gaveUp(event, reason),
    });
  }

  start(): void {
    this.#queue.start();
    this.#timer = setInterval(() => this.kick(), lookEveryMs);
    this.#timer.unref();
    this.kick();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#adding;
    await this.#queue.stop();
  }

  /** Whether there is a webhook to send to. */
  wanted(): boolean {
    return this.#webhook() !== undefined;
  }

  waitingFor(): string | undefined {
    return this.wanted() ? this.#queue.waitingFor() : 'a webhook: `millrace up --alert-webhook URL`';
  }

  /** Puts into the queue what is not in it yet. Does not wait. */
  kick(): void {
    // A list that can't be written (a full disk) must not end the process: it is tried again.
    this.#adding ??= this.#addAll()
      .catch((error) => this.#sayOfQueue(`alerts are not in the queue yet: ${reasonOf(error)}`))
      .finally(() => {
        this.#adding = undefined;
      });
  }

  async #addAll(): Promise<void> {
    const { store } = this.#options;
    const moment = this.#moment();
    // Before they are queued: a kill in between leaves them marked, and the next process queues them.
    if (moment !== undefined) for (const alert of store.all()) if (isOwed(alert, moment)) store.queueAgain(alert);
    for (const alert of store.queued()) {
      try {
        if (!(await this.#add(alert))) return;
        if (moment !== undefined && isPromising(this.#asRefused(alert), moment))
          await this.#queue.hurry(alertEvent(alert), alert.rounds);
        this.#sayOfQueue('');
      } catch (error) {
        return this.#sayOfQueue(`alerts are not in the queue yet: ${reasonOf(error)}`);
      }
    }
    const open = new Set(store.queued().map(roundOf));
    for (const round of this.#added.keys()) if (!open.has(round)) this.#added.delete(round);
    const waiting = new Set(store.queued().map(eventIdOf));
    for (const id of this.#refused.keys()) if (!waiting.has(id)) this.#refused.delete(id);
  }

  /** With the newest refusal, written or not. */
  #asRefused(alert: Alert): Alert {
    const refusal = this.#refused.get(eventIdOf(alert));
    return refusal === undefined ? alert : { ...alert, refusal };
  }

  /** False: there is no connection. */
  async #add(alert: Alert): Promise<boolean> {
    const { store, now } = this.#options;
    const round = roundOf(alert);
    // Also after a clock that was set back.
    if (Math.abs(now() - (this.#added.get(round) ?? Number.NEGATIVE_INFINITY)) < addAgainMs) return true;
    const queued = await this.#queue.add(alertEvent(alert), alert.rounds);
    if (queued === undefined) return false;
    this.#added.set(round, now());
    if (queued.state === 'delivered') store.taken(alert, now(), null);
    if (queued.state === 'failed') store.givenUp(alert, queued.reason, queued.atMs);
    return true;
  }

  /** Undefined: there is no webhook. */
  #moment(): Moment | undefined {
    const { now, againAfterMs = defaultAgainAfterMs } = this.#options;
    const webhook = this.#webhook();
    return webhook === undefined ? undefined : { webhook, answeredMs: this.#answeredMs, nowMs: now(), againAfterMs };
  }

  /** Once for each reason: it is tried every two seconds. */
  #sayOfQueue(said: string): void {
    if (said !== this.#saidOfQueue && said !== '') this.#options.log(said);
    this.#saidOfQueue = said;
  }

  async #deliver(event: AlertEvent): Promise<void> {
    const { store, now } = this.#options;
    if (isKnown(event.data, store.find(event.data.id))) return;
    // Throws when the setting can't be read: then it is tried again.
    const webhook = this.#options.webhook();
    if (webhook === undefined) {
      store.unwanted(event.data);
      throw new NotDeliverable('there is no webhook any more');
    }
    if (this.#posted.get(event.id) !== webhook.sinceMs) await this.#post(webhook, event);
    // Before the job ends: a kill between the two delivers it once more, under the same id.
    store.taken(event.data, now(), webhook.sinceMs);
    this.#posted.delete(event.id);
    this.#answeredMs = now();
    // It answers: whatever was given up is tried again.
    this.kick();
  }

  async #post(webhook: Webhook, event: AlertEvent): Promise<void> {
    const { store, now } = this.#options;
    try {
      await post(webhook, event, now());
    } catch (error) {
      const refusal = { reason: reasonOf(error), atMs: now() };
      this.#refused.set(event.id, refusal);
      this.#note(() => store.refused(event.data, refusal.reason, refusal.atMs));
      throw error;
    }
    this.#posted.set(event.id, webhook.sinceMs);
  }

  #gaveUp(event: AlertEvent, reason: string): void {
    const { store, now } = this.#options;
    // Where it can't be noted, the queue knows it: adding it again says so.
    this.#note(() => store.givenUp(event.data, reason, now()));
  }

  #note(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#options.log(`the list of alerts: ${reasonOf(error)}`);
    }
  }

  /** A setting that can't be read is told of once, and keeps alerts waiting. */
  #webhook(): Webhook | undefined {
    try {
      const webhook = this.#options.webhook();
      this.#saidOfWebhook = '';
      return webhook;
    } catch (error) {
      const said = reasonOf(error);
      if (said !== this.#saidOfWebhook) this.#options.log(`the webhook: ${said}`);
      this.#saidOfWebhook = said;
      return undefined;
    }
  }
}

/** Whether telling it would be no news. */
function isKnown({ state }: Pick<Alert, 'state'>, alert: Alert | undefined): boolean {
  // Its end was told already: that it began would call somebody for nothing.
  if (state === 'firing' && alert?.state === 'resolved') return alert.told?.state === 'resolved';
  // Valkey was killed before it knew.
  return alert?.state === state && alert.delivery === 'delivered';
}

function roundOf(alert: Alert): string {
  return jobIdOf(eventIdOf(alert), alert.rounds);
}
