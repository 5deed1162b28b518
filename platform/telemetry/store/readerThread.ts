/** The reading thread of the store: a slow search holds up neither the writing nor the process. */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { MillraceError } from '../../errors.ts';
import type { LogSearch, MetricFilter, TraceSearch } from './contract.ts';
import { traceHeatmap } from './heatmap.ts';
import type { ErrorData, FromReader, ThreadOptions, ToReader } from './messages.ts';
import { isDamage, openForReading } from './openDatabase.ts';
import { readMetric, readMetricNames, searchLogs } from './readPoints.ts';
import { readTrace } from './readTrace.ts';
import { databaseName } from './schema.ts';
import { searchTraces } from './search.ts';
import { TextReader } from './texts.ts';

const { directory } = workerData as ThreadOptions;
const db = openForReading(directory);
const texts = new TextReader(db);

const queries = {
  searchTraces: (search: TraceSearch) => searchTraces(db, search),
  trace: (traceId: string) => readTrace(db, texts, traceId),
  heatmap: (search: TraceSearch, columns: number) => traceHeatmap(db, search, columns),
  metric: (name: string, filter: MetricFilter, fromMs: number, toMs: number) =>
    readMetric(db, name, filter, fromMs, toMs),
  metricNames: () => readMetricNames(db),
  searchLogs: (search: LogSearch) => searchLogs(db, search),
};
export type Queries = typeof queries;

function errorData(thrown: unknown): ErrorData {
  if (thrown instanceof MillraceError) return { code: thrown.code, details: thrown.details };
  const reason = (thrown as Error).message;
  if (isDamage(thrown))
    return { code: 'TELEMETRY_STORE_CORRUPT', details: { file: join(directory, databaseName), directory, reason } };
  return { code: null, message: reason };
}

function answer({ id, query, arguments: given }: ToReader): FromReader {
  try {
    const ask = queries[query as keyof Queries] as (...given: readonly unknown[]) => unknown;
    return { id, answer: ask(...given) };
  } catch (thrown) {
    return { id, error: errorData(thrown) };
  }
}

parentPort!.on('message', (message: ToReader) => parentPort!.postMessage(answer(message)));
