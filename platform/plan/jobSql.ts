/** What a job's SQL must not do, as far as its text shows it. The runner (java/millrace/spark/ReadOnce.java) sees the rest. */
import type { JobSpec } from '../model/blueprint.ts';
import type { Reason } from '../model/cluster.ts';
import { faultAt } from './reasons.ts';
import { selectList } from './selectList.ts';
import { tokenize } from './sqlTokens.ts';

/** `path`, `file`: of the SQL, for the fault's text. */
export function checkJobSql(path: string, job: JobSpec, sql: string): Reason[] {
  return [...checkReads(path, job, sql), ...checkEventId(path, job, sql)];
}

/** Spark would read the topic once for each, and the ledger count each event as often. */
function checkReads(path: string, { input, sqlFile }: JobSpec, sql: string): Reason[] {
  const view = input.topic.replaceAll('-', '_').toLowerCase();
  const tokens = tokenize(sql);
  const reads = tokens.filter(({ kind, text }, at) => {
    const before = tokens[at - 1];
    const isName = kind === 'word' || kind === 'quotedName';
    return isName && text.toLowerCase() === view && before?.kind === 'word' && /^(from|join)$/i.test(before.text);
  });
  if (reads.length < 2) return [];
  const next = "read it once, and use aggregates, or a second job that reads the first one's output";
  return [faultAt(path, `${sqlFile} reads its topic ${reads.length} times; a job reads it once: ${next}`)];
}

/** A real-time job hands events on: under another id they would be others to all that comes after it. */
function checkEventId(path: string, { mode, sqlFile }: JobSpec, sql: string): Reason[] {
  const list = selectList(sql);
  if (mode !== 'realtime' || !list.ok || !list.names.includes('_event_id') || list.plain.includes('_event_id'))
    return [];
  const next = 'select _event_id as it is, and put the other id into a field';
  return [
    faultAt(path, `${sqlFile} makes an _event_id of its own; a realtime job hands events on under theirs: ${next}`),
  ];
}
