/** Rows of a dataset of the blueprint: a file inside an npm package of ours, its columns mapped to typed fields. */
import { findPackageJSON } from 'node:module';
import { dirname, join, resolve, sep } from 'node:path';
import { MillraceError } from '../../errors.ts';
import type { DatasetSpec } from '../../model/blueprint.ts';
import { parseTimestampMs } from '../../model/check.ts';
import type { FieldType } from '../../model/schema.ts';
import { streamRows } from './rowStream.ts';

export type DatasetValue = string | number | boolean | null;
/** Field of the dataset → value of its type; null where the file has none. Timestamps are ISO-8601 in UTC. */
export type DatasetRow = Readonly<Record<string, DatasetValue>>;

/** Absolute path of the dataset's file. Throws DATASET_UNREADABLE when the package is not there. */
export function datasetPath(spec: DatasetSpec): string {
  let packageJson: string | undefined;
  try {
    packageJson = findPackageJSON(spec.npmPackage, import.meta.url);
  } catch (error) {
    throw unreadable(spec, (error as Error).message);
  }
  if (packageJson === undefined) throw unreadable(spec, 'the package is not installed');
  const root = dirname(packageJson);
  const path = resolve(join(root, spec.file));
  if (!path.startsWith(root + sep)) throw unreadable(spec, 'the file lies outside the package');
  return path;
}

/** Streams the rows in the order of the file. Throws DATASET_UNREADABLE, naming row and field. */
export async function* streamDataset(spec: DatasetSpec): AsyncGenerator<DatasetRow> {
  const path = datasetPath(spec);
  const fields = Object.entries(spec.fields).map(([name, field]) => ({ name, from: field.from, type: field.type }));
  let index = 0;
  try {
    for await (const row of streamRows(path, spec.format)) {
      const mapped: Record<string, DatasetValue> = {};
      for (const { name, from, type } of fields) mapped[name] = convert(row[from], type, `row ${index}, "${from}"`);
      index += 1;
      yield mapped;
    }
  } catch (error) {
    throw error instanceof MillraceError ? error : unreadable(spec, (error as Error).message);
  }
  if (index === 0) throw unreadable(spec, 'it holds no row');
}

/** All rows at once: for reference files of a few megabytes, such as airports. Throws DATASET_UNREADABLE. */
export async function readDataset(spec: DatasetSpec): Promise<DatasetRow[]> {
  const rows: DatasetRow[] = [];
  for await (const row of streamDataset(spec)) rows.push(row);
  return rows;
}

/** The columns that a row of the file has, without reading the file: the first row's. For messages and documents. */
export async function datasetColumns(spec: DatasetSpec): Promise<string[]> {
  for await (const row of streamRows(datasetPath(spec), spec.format)) return Object.keys(row);
  return [];
}

const numberText = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
/** `2001/01/01 00:47`, as the flight records have it: local time of an unknown zone, taken as UTC. */
const slashedTime = /^(\d{4})[/-](\d\d)[/-](\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?$/;

function convert(value: unknown, type: FieldType, where: string): DatasetValue {
  if (value === undefined || value === null || (value === 'NA' && type !== 'string')) return null;
  const wrong = () => new Error(`${where}: expected ${type}, got ${JSON.stringify(value)}`);
  switch (type) {
    case 'string':
      if (typeof value === 'object') throw wrong();
      return String(value);
    case 'boolean':
      if (value === true || value === 'true') return true;
      if (value === false || value === 'false') return false;
      throw wrong();
    case 'timestamp': {
      const iso = typeof value === 'string' ? timestampOf(value) : undefined;
      if (iso === undefined) throw wrong();
      return iso;
    }
    default: {
      const number = typeof value === 'string' && numberText.test(value) ? Number(value) : value;
      if (typeof number !== 'number' || !fits(number, type)) throw wrong();
      return number;
    }
  }
}

function fits(value: number, type: 'int' | 'long' | 'double'): boolean {
  if (type === 'int') return (value | 0) === value;
  return type === 'long' ? Number.isSafeInteger(value) : Number.isFinite(value);
}

function timestampOf(text: string): string | undefined {
  const parts = slashedTime.exec(text);
  const rfc3339 =
    parts === null
      ? text
      : `${parts[1]}-${parts[2]}-${parts[3]}T${parts[4] ?? '00'}:${parts[5] ?? '00'}:${parts[6] ?? '00'}Z`;
  const ms = parseTimestampMs(rfc3339);
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

function unreadable(spec: DatasetSpec, reason: string): MillraceError {
  return new MillraceError('DATASET_UNREADABLE', { file: spec.file, npmPackage: spec.npmPackage, reason });
}
