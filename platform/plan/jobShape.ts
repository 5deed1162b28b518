/**
 * What the checkpoint of a Spark query depends on. Spark takes a checkpoint back only for a query of the same sources and
 * stateful operators, and where it does not notice a change (another length of windows, another threshold), it would mix old
 * counts with new ones. See "Recovery semantics after changes in a streaming query" in Spark's Structured Streaming guide.
 */
import { createHash } from 'node:crypto';
import type { BlueprintSpec, JobSpec } from '../model/blueprint.ts';
import { canonical } from '../reconcile/equal.ts';
import { type SqlToken, tokenize } from './sqlTokens.ts';

/** Raised when the runner (java/millrace/spark) builds its queries otherwise: older checkpoints then do not fit. */
const format = 1;

/** A query with a checkpoint of its own: a job's, or the one that writes the dead letters of a topic. */
export interface QueryShape {
  readonly topic: string;
  readonly stateful: boolean;
  /** Whether this query writes the dead letters of its topic. */
  readonly deadLetters: boolean;
  /** Equal for two revisions of which the later may go on from the checkpoint of the earlier. */
  readonly shape: string;
}

/** Name of the query that writes a topic's dead letters, where no real-time job reads it and does so in passing. */
export const deadLetterQuery = (topic: string) => `${topic}.dead`;

/** Every query of the pipeline's driver. `sql`: of each job, parameters filled in. */
export function queryShapes(spec: BlueprintSpec, sql: Readonly<Record<string, string>>): Record<string, QueryShape> {
  const jobs = Object.entries(spec.jobs);
  const writers = new Map<string, string>();
  for (const [name, { mode, input }] of jobs) {
    if (mode === 'realtime' && !writers.has(input.topic)) writers.set(input.topic, name);
  }
  const alone = [...new Set(jobs.map(([, { input }]) => input.topic))].filter((topic) => !writers.has(topic));
  return Object.fromEntries([
    ...jobs.map(([name, job]): [string, QueryShape] => {
      return [name, jobShape(spec, job, sql[name] ?? '', writers.get(job.input.topic) === name)];
    }),
    ...alone.map((topic): [string, QueryShape] => {
      const base = { topic, stateful: false, deadLetters: true };
      return [deadLetterQuery(topic), { ...base, shape: hash(['dead-letters', topic]) }];
    }),
  ]);
}

function jobShape(spec: BlueprintSpec, job: JobSpec, sql: string, deadLetters: boolean): QueryShape {
  const { topic } = job.input;
  const stateful = keepsState(job, sql);
  // Without state only the offsets count: they are of a topic, and of all records or, with dead letters, of the good ones.
  if (!stateful) return { topic, stateful, deadLetters, shape: hash([job.mode, topic, deadLetters]) };
  const fields = Object.entries(spec.topics[topic]?.schema.fields ?? {});
  const input = {
    ...job.input,
    fields: Object.fromEntries(fields.map(([name, { doc: _, ...field }]) => [name, field])),
  };
  const references = Object.entries(job.references).map(([view, dataset]) => [view, spec.datasets[dataset]]);
  const words = tokenize(sql).map(({ kind, text }) => [kind, text]);
  const shape = hash([job.mode, input, Object.fromEntries(references), words, job.output.topic]);
  return { topic, stateful, deadLetters, shape };
}

function hash(content: unknown): string {
  return createHash('sha256')
    .update(canonical([format, content]))
    .digest('hex')
    .slice(0, 12);
}

/**
 * Whether Spark keeps state for the job. In doubt it does: a function that is not known here may be an aggregate. What is
 * wrongly taken for stateful is rebuilt once too often; the runner refuses what is wrongly taken for stateless.
 */
export function keepsState(job: Pick<JobSpec, 'mode' | 'input'>, sql: string): boolean {
  if (job.mode === 'realtime') return false;
  if (job.input.deduplicate) return true;
  const tokens = tokenize(sql);
  const view = job.input.topic.replaceAll('-', '_');
  const scans = tokens.filter(({ kind, text }, at) => isName(kind) && text === view && readsTable(tokens[at - 1]));
  return scans.length !== 1 || tokens.some((token, at) => mayKeepState(token, tokens[at + 1]));
}

const isName = (kind: SqlToken['kind']) => kind === 'word' || kind === 'quotedName';

function readsTable(before: SqlToken | undefined): boolean {
  return before !== undefined && ['from', 'join', ','].includes(before.text.toLowerCase());
}

function mayKeepState({ kind, text }: SqlToken, next: SqlToken | undefined): boolean {
  if (!isName(kind)) return false;
  const word = text.toLowerCase();
  if (kind === 'word' && stateWords.has(word)) return true;
  return next?.text === '(' && next.kind === 'symbol' && !beforeParentheses.has(word) && !scalarFunctions.has(word);
}

const wordsOf = (text: string) => new Set(text.trim().split(/\s+/));

const stateWords = wordsOf(`
  group having distinct limit offset order sort cluster distribute over union intersect except minus qualify pivot unpivot
  window tablesample`);
/** Words after which a parenthesis opens no argument list. */
const beforeParentheses = wordsOf(`
  select from where join on using as and or not in is like rlike ilike between case when then else exists with values div`);
/** Functions of one row. */
const scalarFunctions = wordsOf(`
  abs ceil ceiling floor round bround sign sqrt power pow exp ln log log10 mod pmod greatest least
  cast try_cast coalesce nvl nvl2 ifnull nullif if isnull isnotnull isnan nanvl
  concat concat_ws lower upper trim ltrim rtrim substring substr left right length char_length replace translate
  regexp_replace regexp_extract split startswith endswith contains instr locate lpad rpad reverse initcap format_string md5
  sha1 sha2 hash xxhash64 base64 unbase64 hex unhex decimal numeric varchar char int bigint double float string boolean
  date_format to_date to_timestamp date_trunc trunc unix_seconds unix_millis unix_micros timestamp_seconds timestamp_millis
  unix_timestamp from_unixtime year quarter month day dayofweek dayofmonth dayofyear hour minute second weekday date_add
  date_sub datediff add_months timestamp date make_timestamp to_json from_json get_json_object struct named_struct array map
  size element_at array_contains`);
