/**
 * The bus of every change of state, as CloudEvents 1.0. Ids are whole numbers that grow, across restarts, too: an id is where a
 * reader goes on. The newest events are kept in memory and in a journal; beside them there are live messages, which are not kept.
 */
import type { PlatformEvent } from './contract/control.ts';
import { createEventJournal, linesPerFile } from './eventJournal.ts';

export type NewEvent = Pick<PlatformEvent, 'source' | 'type' | 'subject' | 'data'> & { readonly time?: string };

export interface BusReader {
  event(event: PlatformEvent): void;
  /** `name`: `seen`. Lost on whoever is not there. */
  live(name: string, data: unknown): void;
}

export interface EventBus {
  publish(event: NewEvent): PlatformEvent;
  live(name: string, data: unknown): void;
  /** Newest first; `before`: only those with a smaller id. */
  newest(limit: number, before?: string): readonly PlatformEvent[];
  /**
   * Events after `id`, oldest first. `gap`: some of them are gone, or the id is none that was given out; then all that are kept
   * follow.
   */
  since(id: string): { readonly gap: boolean; readonly events: readonly PlatformEvent[] };
  /** The id of the newest event; `0` when there is none. */
  lastId(): string;
  subscribe(reader: BusReader): () => void;
  /** Events that could not be written to the journal: readers have got them, a restart forgets them. */
  readonly unwritten: number;
}

const kept = linesPerFile * 2;

export function createEventBus(directory: string): EventBus {
  const journal = createEventJournal(directory);
  const events: PlatformEvent[] = [...journal.load()].slice(-kept);
  const readers = new Set<BusReader>();
  let last = Number(events.at(-1)?.id ?? 0);
  let unwritten = 0;
  return {
    get unwritten() {
      return unwritten;
    },
    publish({ time = new Date().toISOString(), ...rest }) {
      last += 1;
      const event: PlatformEvent = { specversion: '1.0', id: `${last}`, time, ...rest };
      if (!journal.append(event)) unwritten += 1;
      events.push(event);
      if (events.length > kept) events.splice(0, events.length - kept);
      for (const reader of [...readers]) reader.event(event);
      return event;
    },
    live(name, data) {
      for (const reader of [...readers]) reader.live(name, data);
    },
    newest(limit, before) {
      const most = before === undefined ? Number.POSITIVE_INFINITY : Number(before);
      const older = events.filter(({ id }) => Number(id) < most);
      return older.slice(-limit).reverse();
    },
    since(id) {
      const from = Number(id);
      if (!/^\d+$/.test(id) || from > last) return { gap: true, events: [...events] };
      const oldest = Number(events[0]?.id ?? last + 1);
      const after = events.filter((event) => Number(event.id) > from);
      return { gap: from < oldest - 1, events: after };
    },
    lastId: () => `${last}`,
    subscribe(reader) {
      readers.add(reader);
      return () => void readers.delete(reader);
    },
  };
}
