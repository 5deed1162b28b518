/** The platform's events as a list: newest first, each once, filtered; what comes in while it is paused is counted. */
import type { PlatformEvent } from '../../../../api/contract/control.ts';

export interface Feed {
  readonly events: readonly PlatformEvent[];
  readonly paused: boolean;
  /** Came in while paused; shown when it goes on. */
  readonly held: readonly PlatformEvent[];
}
export const emptyFeed: Feed = { events: [], paused: false, held: [] };
export const mostEvents = 2000;

/** Ids grow; what is there already (a stream that was resumed repeats some) is left out. */
export function received(feed: Feed, incoming: readonly PlatformEvent[]): Feed {
  if (feed.paused) return { ...feed, held: merge(feed.held, incoming) };
  return { ...feed, events: merge(feed.events, incoming) };
}

export function paused(feed: Feed, isPaused: boolean): Feed {
  if (isPaused) return { ...feed, paused: true };
  return { events: merge(feed.events, feed.held), paused: false, held: [] };
}

function merge(events: readonly PlatformEvent[], incoming: readonly PlatformEvent[]): readonly PlatformEvent[] {
  const known = new Set(events.map(({ id }) => id));
  const fresh = incoming.filter(({ id }) => !known.has(id) && known.add(id));
  if (fresh.length === 0) return events;
  return [...fresh, ...events].toSorted((a, b) => compareIds(b.id, a.id)).slice(0, mostEvents);
}

/** Numbers by value, whatever their length; other ids by their text. */
export function compareIds(a: string, b: string): number {
  const [x, y] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (x && y && a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

export interface EventFilter {
  /** The end of the type: `millrace.alert` or its beginning `millrace.pipeline`; empty: all. */
  readonly type: string;
  /** Occurs in the subject, the type or the data. */
  readonly text: string;
}
export function matching(events: readonly PlatformEvent[], { type, text }: EventFilter): readonly PlatformEvent[] {
  const term = text.trim().toLowerCase();
  return events.filter((event) => {
    if (type !== '' && event.type !== type && !event.type.startsWith(`${type}.`)) return false;
    if (term === '') return true;
    return `${event.subject} ${event.type} ${JSON.stringify(event.data)}`.toLowerCase().includes(term);
  });
}

/** Types that have come in, to choose from. */
export function typesOf(events: readonly PlatformEvent[]): string[] {
  return [...new Set(events.map(({ type }) => type))].toSorted();
}
