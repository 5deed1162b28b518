/**
 * Texts that occur again and again in spans (names, services, keys, most values) as small numbers: they make a span three times
 * smaller. The table only grows, so it is bounded: past `maxTexts`, and for a key with many different values (event ids), a text
 * is written out.
 */
import type { DatabaseSync } from 'node:sqlite';

const maxTexts = 50_000;
const maxTextLength = 200;
/** A key with more different values than this has its values written out from then on. */
const maxValuesOfKey = 200;

export class TextWriter {
  readonly #known = new Map<string, number>();
  /** Values seen of each key; undefined once there are too many. */
  readonly #values = new Map<string, Set<string> | undefined>();
  readonly #db: DatabaseSync;
  readonly #insert;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#insert = db.prepare('INSERT INTO texts (text) VALUES (?)');
    this.reload();
  }

  /** After a transaction that failed: what it had added is not there. */
  reload(): void {
    this.#known.clear();
    for (const row of this.#db.prepare('SELECT id, text FROM texts').iterate())
      this.#known.set(row.text as string, row.id as number);
  }

  /** Its number, or the text itself. Within a transaction. */
  slot(text: string): number | string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    // SQLite keeps half a surrogate pair as U+FFFD: two such texts would be one, which the table refuses.
    if (!text.isWellFormed()) return this.slot(text.toWellFormed());
    if (text.length > maxTextLength || this.#known.size >= maxTexts) return text;
    const id = Number(this.#insert.run(text).lastInsertRowid);
    this.#known.set(text, id);
    return id;
  }

  /** As `slot`, for a value of the attribute `key`. */
  valueSlot(key: string, value: string): number | string {
    const values = this.#values.get(key);
    if (values === undefined) {
      if (this.#values.has(key) || this.#values.size >= maxTexts) return value;
      this.#values.set(key, new Set([value]));
      return this.slot(value);
    }
    if (values.has(value)) return this.slot(value);
    if (values.size >= maxValuesOfKey) {
      this.#values.set(key, undefined);
      return value;
    }
    values.add(value);
    return this.slot(value);
  }
}

export class TextReader {
  readonly #known = new Map<number, string>();
  readonly #find;

  constructor(db: DatabaseSync) {
    this.#find = db.prepare('SELECT text FROM texts WHERE id = ?');
  }

  text(slot: number | string): string {
    if (typeof slot === 'string') return slot;
    let text = this.#known.get(slot);
    if (text === undefined) {
      text = (this.#find.get(slot)?.text as string | undefined) ?? '';
      this.#known.set(slot, text);
    }
    return text;
  }
}
