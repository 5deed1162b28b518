/** One source of events, many readers of Server-Sent Events; a slow reader never slows the source or grows the memory. */
import type { EventReader } from './service.ts';

export interface EventHub {
  /** Sends an event to all readers. `key`: of two events of one key a reader who lags gets the newer one alone. */
  publish(key: string, data: unknown): void;
  /** False when `maxReaders` are there. */
  subscribe(reader: EventReader): boolean;
  readonly readers: number;
  close(): void;
}

export interface EventHubLimits {
  readonly maxReaders: number;
  /** Events kept for a reader who lags; beyond, the oldest are left out. */
  readonly maxPending: number;
  /** A comment is sent this often, so that proxies keep the connection and dead readers are noticed. */
  readonly keepAliveMs: number;
}

export const eventHubLimits: EventHubLimits = { maxReaders: 200, maxPending: 500, keepAliveMs: 15_000 };

interface Subscription {
  readonly reader: EventReader;
  readonly pending: Map<string, string>;
  blocked: boolean;
}

export function createEventHub(limits: EventHubLimits = eventHubLimits): EventHub {
  const subscriptions = new Set<Subscription>();
  const keepAlive = setInterval(() => {
    for (const subscription of subscriptions) if (!subscription.blocked) send(subscription, ': keep-alive\n\n');
  }, limits.keepAliveMs);
  keepAlive.unref();
  return {
    get readers() {
      return subscriptions.size;
    },
    publish(key, data) {
      if (subscriptions.size === 0) return;
      const text = `data: ${JSON.stringify(data)}\n\n`;
      for (const subscription of subscriptions) {
        if (subscription.blocked) keep(subscription.pending, key, text, limits.maxPending);
        else send(subscription, text);
      }
    },
    subscribe(reader) {
      if (subscriptions.size >= limits.maxReaders) return false;
      const subscription = { reader, pending: new Map<string, string>(), blocked: false };
      subscriptions.add(subscription);
      reader.closed(() => subscriptions.delete(subscription));
      send(subscription, 'retry: 2000\n\n');
      return true;
    },
    close() {
      clearInterval(keepAlive);
      subscriptions.clear();
    },
  };
}

function send(subscription: Subscription, text: string): void {
  if (subscription.reader.write(text)) return;
  subscription.blocked = true;
  subscription.reader.drained(() => {
    subscription.blocked = false;
    const kept = [...subscription.pending.values()].join('');
    subscription.pending.clear();
    if (kept !== '') send(subscription, kept);
  });
}

function keep(pending: Map<string, string>, key: string, text: string, maxPending: number): void {
  pending.delete(key);
  pending.set(key, text);
  if (pending.size > maxPending) pending.delete(pending.keys().next().value as string);
}
