/** Changes of the books that can be taken back: a gang is placed task by task, and not at all if one has no place. */
import type { AskEntry, Books, TaskEntry } from './books.ts';
import type { Place } from './place.ts';

interface Done {
  readonly entry: TaskEntry;
  /** Where it was before it was lifted; undefined: it was put. */
  readonly before: Place | undefined;
  readonly since: number;
}

export class Trial {
  /** Asks that give way. */
  private evicted: AskEntry[] = [];
  private readonly done: Done[] = [];
  private readonly books: Books;

  constructor(books: Books) {
    this.books = books;
  }

  /** Nothing has been changed: what has no place now has none in the books. */
  get untouched(): boolean {
    return this.done.length === 0;
  }

  put(entry: TaskEntry, { slot, ports }: Place): void {
    this.done.push({ entry, before: undefined, since: entry.since });
    this.books.put(entry, slot, ports);
  }

  lift(entry: TaskEntry): void {
    const { slot, ports, since } = entry;
    this.done.push({ entry, before: { slot, ports }, since });
    this.books.lift(entry);
  }

  evict(ask: AskEntry): void {
    this.evicted.push(ask);
    for (const task of ask.tasks) this.lift(task);
  }

  /** The state after so many changes can be come back to. */
  mark(): number {
    return this.done.length;
  }

  rollBack(mark = 0): void {
    while (this.done.length > mark) {
      const { entry, before, since } = this.done.pop()!;
      if (before) this.books.put(entry, before.slot, before.ports);
      else this.books.lift(entry);
      entry.since = since;
    }
    if (this.evicted.length > 0) this.evicted = this.evicted.filter(({ tasks }) => tasks.some(({ slot }) => slot < 0));
  }

  evictions(): readonly AskEntry[] {
    return this.evicted;
  }

  /** Slots from which something was lifted. */
  liftedFrom(): number[] {
    return this.done.filter(({ before }) => before).map(({ before }) => before!.slot);
  }
}
