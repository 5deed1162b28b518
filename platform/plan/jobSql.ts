/** What a job's SQL must not do, as far as its text shows it. The runner (frameworks/spark/java/millrace/spark/SqlRules.java) sees the rest. */
import type { JobSpec } from '../model/blueprint.ts';
import type { Reason } from '../model/cluster.ts';
import { faultAt } from './reasons.ts';
import { selectList } from './selectList.ts';
import { type SqlToken, tokenize } from './sqlTokens.ts';

/** `path`, `file`: of the SQL, for the fault's text. */
export function checkJobSql(path: string, job: JobSpec, sql: string): Reason[] {
  return [...checkReads(path, job, sql), ...checkEventId(path, job, sql)];
}

/** Spark would read the topic once for each, and the ledger count each event as often. */
function checkReads(path: string, { input, sqlFile }: JobSpec, sql: string): Reason[] {
  const view = input.topic.replaceAll('-', '_').toLowerCase();
  const tokens = tokenize(sql);
  // Which of the two is meant where depends on scopes, which the runner knows.
  if (tokens.some((_, at) => isDefinition(tokens, at, view))) return [];
  const reads = tokens.filter((_, at) => isRead(tokens, at, view));
  if (reads.length < 2) return [];
  const next = "read it once, and use aggregates, or a second job that reads the first one's output";
  return [faultAt(path, `${sqlFile} reads its topic ${reads.length} times; a job reads it once: ${next}`)];
}

/** `view AS (` or `view (columns) AS (`, after WITH or the definition before: a common table expression of this name. */
function isDefinition(tokens: readonly SqlToken[], at: number, view: string): boolean {
  const before = tokens[at - 1];
  if (!isNamed(tokens[at], view) || !(isWord(before, /^(with|recursive)$/i) || before?.text === ',')) return false;
  let next = at + 1;
  if (tokens[next]?.text === '(') {
    const { depth } = tokens[next]!;
    next = tokens.findIndex(({ text, depth: closed }, i) => i > next && text === ')' && closed === depth) + 1;
  }
  if (isWord(tokens[next], /^as$/i)) next += 1;
  return tokens[next]?.text === '(';
}

function isRead(tokens: readonly SqlToken[], at: number, view: string): boolean {
  const before = tokens[at - 1];
  if (!isNamed(tokens[at], view) || !isWord(before, /^(from|join)$/i)) return false;
  return isWord(before, /^join$/i) || !isOfExpression(tokens, at - 1);
}

/** A FROM before a column: `IS DISTINCT FROM x`, `EXTRACT(… FROM x)`. `SELECT DISTINCT FROM` is no SQL. */
function isOfExpression(tokens: readonly SqlToken[], from: number): boolean {
  if (isWord(tokens[from - 1], /^distinct$/i)) return true;
  const { depth } = tokens[from]!;
  const open = tokens.findLastIndex(({ text, depth: opened }, i) => i < from && text === '(' && opened === depth - 1);
  if (!isWord(tokens[open - 1], /^(extract|trim|substr|substring|overlay)$/i)) return false;
  // Within it a subquery stands in parentheses of its own.
  return !isWord(tokens[open + 1], /^(select|with|from)$/i);
}

function isNamed(token: SqlToken | undefined, name: string): boolean {
  return (token?.kind === 'word' || token?.kind === 'quotedName') && token.text.toLowerCase() === name;
}

function isWord(token: SqlToken | undefined, form: RegExp): boolean {
  return token?.kind === 'word' && form.test(token.text);
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
