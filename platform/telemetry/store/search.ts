/**
 * Finds traces. A search with a rare term reads the traces of that term; any other walks the traces from the newest on and looks
 * each one's terms up, until there are enough. Both are exact.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { FoundTrace, TraceSearch } from './contract.ts';
import { blockBits } from './schema.ts';
import { attributeTerm, termHash } from './terms.ts';

/** A term with more traces than this is walked. */
const rareTraces = 3000;

interface Condition {
  /** After FROM. */
  readonly from: string;
  /** After WHERE. */
  readonly sql: string;
  /** Of both, in their order. */
  readonly values: readonly SQLInputValue[];
}

export function searchTraces(db: DatabaseSync, search: TraceSearch): FoundTrace[] {
  const { from, sql, values } = conditionOf(db, search);
  const rows = db
    .prepare(`SELECT traces.* FROM ${from} WHERE ${sql} ORDER BY start_us DESC LIMIT ?`)
    .all(...values, search.limit);
  return rows.map((row) => ({
    traceId: Buffer.from(row.trace_id as Uint8Array).toString('hex'),
    name: row.name as string,
    service: row.service as string,
    pipeline: row.pipeline as string | null,
    eventId: row.event_id as string | null,
    startMs: (row.start_us as number) / 1000,
    durationMs: (row.duration_us as number) / 1000,
    spans: row.spans as number,
    errors: row.errors as number,
  }));
}

/** Which rows of `traces`, and how they are come by: from the ids of a rare term, or along time. */
export function conditionOf(db: DatabaseSync, search: TraceSearch): Condition {
  const parts: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (sql: string, ...more: SQLInputValue[]) => {
    parts.push(sql);
    values.push(...more);
  };
  const terms = termsOf(search);
  const rare = rarest(db, terms);
  if (rare !== undefined) values.push(JSON.stringify(rare.ids));
  const micros = (ms: number) => Math.round(ms * 1000);
  if (search.fromMs !== undefined) add('start_us >= ?', micros(search.fromMs));
  if (search.toMs !== undefined) add('start_us <= ?', micros(search.toMs));
  if (search.before !== undefined) add('start_us < ?', micros(search.before));
  if (search.minDurationMs !== undefined) add('duration_us >= ?', micros(search.minDurationMs));
  if (search.maxDurationMs !== undefined) add('duration_us <= ?', micros(search.maxDurationMs));
  if (search.status === 'ok') add('errors = 0');
  if (search.status === 'error') add('errors > 0');
  for (const term of terms) {
    if (term === rare?.term) continue;
    add(
      `EXISTS (SELECT 1 FROM postings WHERE block = traces.id >> ${blockBits} AND term = ? AND trace = traces.id)`,
      term,
    );
  }
  const from =
    rare === undefined
      ? 'traces INDEXED BY traces_by_start'
      : 'json_each(?) AS wanted CROSS JOIN traces ON traces.id = wanted.value';
  return { from, sql: parts.length === 0 ? 'TRUE' : parts.join(' AND '), values };
}

function termsOf({ service, name, pipeline, attribute }: TraceSearch): number[] {
  const terms: number[] = [];
  if (service !== undefined) terms.push(termHash('service', service));
  if (name !== undefined) terms.push(termHash('name', name));
  if (pipeline !== undefined) terms.push(termHash('pipeline', pipeline));
  if (attribute !== undefined) terms.push(attributeTerm(attribute.key, attribute.value));
  return terms;
}

/** The term with the fewest traces, if they are few, and these. */
function rarest(db: DatabaseSync, terms: readonly number[]): { term: number; ids: readonly number[] } | undefined {
  if (terms.length === 0) return undefined;
  const blocks = blocksOf(db);
  const find = db.prepare(`SELECT trace FROM postings WHERE block = ? AND term = ? LIMIT ${rareTraces + 1}`);
  let best: { term: number; ids: readonly number[] } | undefined;
  for (const term of terms) {
    const ids: number[] = [];
    for (const block of blocks) {
      for (const row of find.all(block, term)) ids.push(row.trace as number);
      if (ids.length > rareTraces) break;
    }
    if (ids.length <= rareTraces && ids.length < (best?.ids.length ?? Number.POSITIVE_INFINITY)) best = { term, ids };
  }
  return best;
}

/** Newest first. */
function blocksOf(db: DatabaseSync): number[] {
  const row = db
    .prepare('SELECT (SELECT min(block) FROM postings) AS first, (SELECT max(block) FROM postings) AS last')
    .get();
  if (typeof row?.first !== 'number' || typeof row.last !== 'number') return [];
  const { first, last } = row as { first: number; last: number };
  return Array.from({ length: last - first + 1 }, (_, i) => last - i);
}
