/** Reads metrics and logs. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { LogSearch, MetricFilter, MetricHistogram, MetricName, StoredLog, StoredMetricPoint } from './contract.ts';

const maxPoints = 100_000;

interface SeriesRow {
  readonly id: number;
  readonly service: string;
  readonly instance: string;
  readonly unit: string;
  readonly attributes: Record<string, string | number | boolean>;
}

export function readMetric(
  db: DatabaseSync,
  name: string,
  filter: MetricFilter,
  fromMs: number,
  toMs: number,
): StoredMetricPoint[] {
  const find = db.prepare(
    'SELECT at_ms, value, histogram FROM points WHERE series = ? AND at_ms BETWEEN ? AND ? ORDER BY at_ms LIMIT ?',
  );
  const points: StoredMetricPoint[] = [];
  for (const { id, service, instance, unit, attributes } of seriesOf(db, name, filter)) {
    if (points.length >= maxPoints) break;
    for (const row of find.all(id, fromMs, toMs, maxPoints - points.length)) {
      points.push({
        ...{ service, instance, name, unit, attributes, atMs: row.at_ms as number },
        ...(row.value === null ? {} : { value: row.value as number }),
        ...(row.histogram === null ? {} : { histogram: JSON.parse(row.histogram as string) as MetricHistogram }),
      });
    }
  }
  return points;
}

function seriesOf(db: DatabaseSync, name: string, filter: MetricFilter): SeriesRow[] {
  const wanted = Object.entries(filter.attributes ?? {});
  return db
    .prepare('SELECT id, service, instance, unit, attributes FROM series WHERE name = ? ORDER BY service, instance, id')
    .all(name)
    .map((row) => ({
      id: row.id as number,
      service: row.service as string,
      instance: row.instance as string,
      unit: row.unit as string,
      attributes: Object.fromEntries(JSON.parse(row.attributes as string)) as SeriesRow['attributes'],
    }))
    .filter(
      ({ service, instance, attributes }) =>
        (filter.service === undefined || filter.service === service) &&
        (filter.instance === undefined || filter.instance === instance) &&
        wanted.every(([key, value]) => attributes[key] === value),
    );
}

export function readMetricNames(db: DatabaseSync): MetricName[] {
  return db
    .prepare('SELECT name, unit, count(*) AS series FROM series GROUP BY name, unit ORDER BY name, unit')
    .all()
    .map((row) => ({ name: row.name as string, unit: row.unit as string, series: row.series as number }));
}

export function searchLogs(db: DatabaseSync, search: LogSearch): StoredLog[] {
  const parts = ['TRUE'];
  const values: SQLInputValue[] = [];
  const add = (sql: string, value: SQLInputValue | undefined) => {
    if (value === undefined) return;
    parts.push(sql);
    values.push(value);
  };
  add('service = ?', search.service);
  add('severity = ?', search.severity);
  add('trace_id = ?', search.traceId === undefined ? undefined : Buffer.from(search.traceId, 'hex'));
  add('instr(body, ?) > 0', search.text);
  add('at_ms >= ?', search.fromMs);
  add('at_ms <= ?', search.toMs);
  return db
    .prepare(`SELECT * FROM logs WHERE ${parts.join(' AND ')} ORDER BY at_ms DESC, id DESC LIMIT ?`)
    .all(...values, search.limit)
    .map((row) => ({
      atMs: row.at_ms as number,
      service: row.service as string,
      instance: row.instance as string,
      severity: row.severity as string,
      body: row.body as string,
      attributes: JSON.parse(row.attributes as string) as StoredLog['attributes'],
      ...(row.trace_id === null ? {} : { traceId: Buffer.from(row.trace_id as Uint8Array).toString('hex') }),
    }));
}
