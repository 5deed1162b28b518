/** Brings queued alerts to the webhook: from the list on disk into the queue, from the queue to the webhook, and back what became of it. */
import type { Alert } from '../api/contract/pipelines.ts';
import { reasonOf } from '../connectors/backoff.ts';
import { type AlertQueue, type AlertQueueOptions, NotDeliverable } from './alertQueue.ts';
import type { AlertStore } from './alertStore.ts';
import { type AlertEvent, alertEvent, eventIdOf, post } from './deliver.ts';
import type { Webhook } from './webhook.ts';

/** What did not come into the queue (Valkey was away) is tried again after this long. */
const againMs = 2000;
const addAgainMs = 60_000;

export interface DeliveryOptions {
  readonly store: AlertStore;
  readonly webhook: () => Webhook | undefined;
  readonly now: () => number;
  readonly log: (line: string) => void;
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
  #timer: NodeJS.Timeout | undefined;
  #adding: Promise<void> | undefined;
  #saidOfWebhook = '';
  #saidOfQueue = '';

  constructor(options: DeliveryOptions, makeQueue: (handlers: Handlers) => AlertQueue) {
    this.#options = options;
    this.#queue = makeQueue({
      deliver: (event) => this.#deliver(event),
      gaveUp: (event) => options.store.mark(event.data, 'failed'),
    });
  }

  start(): void {
    this.#queue.start();
    this.#timer = setInterval(() => this.kick(), againMs);
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
    const { store, now } = this.#options;
    if (this.wanted()) {
      // A webhook that was set after they began to fire is told of them.
      for (const alert of store.all()) if (alert.state === 'firing') this.#wantDelivery(alert);
    }
    for (const alert of store.queued()) {
      const event = alertEvent(alert);
      if (now() - (this.#added.get(event.id) ?? Number.NEGATIVE_INFINITY) < addAgainMs) continue;
      try {
        const queued = await this.#queue.add(event);
        if (queued === undefined) return;
        this.#added.set(event.id, now());
        this.#sayOfQueue('');
        if (queued !== 'waiting') store.mark(alert, queued);
      } catch (error) {
        return this.#sayOfQueue(`alerts are not in the queue yet: ${reasonOf(error)}`);
      }
    }
    const open = new Set(store.queued().map(eventIdOf));
    for (const id of this.#added.keys()) if (!open.has(id)) this.#added.delete(id);
  }

  /** Once for each reason: it is tried every two seconds. */
  #sayOfQueue(said: string): void {
    if (said !== this.#saidOfQueue && said !== '') this.#options.log(said);
    this.#saidOfQueue = said;
  }

  #wantDelivery(alert: Alert): void {
    if (alert.delivery === null) this.#options.store.mark(alert, 'queued');
  }

  async #deliver(event: AlertEvent): Promise<void> {
    const { store, now } = this.#options;
    const alert = store.find(event.data.id);
    // Its end was told already: that it began is no news any more, and would call somebody for nothing.
    if (event.data.state === 'firing' && alert?.state === 'resolved' && alert.delivery === 'delivered') return;
    // Throws when the setting can't be read: then it is tried again.
    const webhook = this.#options.webhook();
    if (webhook === undefined) {
      store.mark(event.data, null);
      throw new NotDeliverable('there is no webhook any more');
    }
    await post(webhook, event, now());
    // Before the job ends: a kill between the two delivers it once more, under the same id.
    store.mark(event.data, 'delivered');
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
