import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  datasetColumns,
  datasetPath,
  readDataset,
  streamDataset,
} from '../../../platform/connectors/dataset/dataset.ts';
import { type FileRow, streamRows } from '../../../platform/connectors/dataset/rowStream.ts';
import type { DatasetSpec } from '../../../platform/model/blueprint.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-dataset-'));
});
afterAll(() => rm(directory, { recursive: true }));

let files = 0;
async function rowsOf(text: string, format: 'json' | 'csv'): Promise<FileRow[]> {
  const path = join(directory, `file-${files++}`);
  await writeFile(path, text);
  const rows: FileRow[] = [];
  for await (const row of streamRows(path, format)) rows.push(row);
  return rows;
}

function spec(
  file: string,
  format: 'json' | 'csv',
  fields: DatasetSpec['fields'],
  npmPackage = 'vega-datasets',
): DatasetSpec {
  return { npmPackage, file, format, fields };
}

describe('the real files', () => {
  test('flights: 20,000 records, dates as timestamps', async () => {
    const rows = await readDataset(
      spec('data/flights-20k.json', 'json', {
        scheduled_at: { type: 'timestamp', from: 'date' },
        delay_minutes: { type: 'int', from: 'delay' },
        origin: { type: 'string', from: 'origin' },
      }),
    );
    expect(rows).toHaveLength(20_000);
    expect(rows[0]).toEqual({ scheduled_at: '2001-01-01T00:47:00.000Z', delay_minutes: 66, origin: 'DTW' });
  });

  test('airports: 3,376 rows, quoted names', async () => {
    const airports = spec('data/airports.csv', 'csv', {
      code: { type: 'string', from: 'iata' },
      name: { type: 'string', from: 'name' },
      latitude: { type: 'double', from: 'latitude' },
    });
    const rows = await readDataset(airports);
    expect(rows).toHaveLength(3376);
    expect(rows.find((row) => row.code === 'DBN')).toEqual({
      code: 'DBN',
      name: 'W. H. "Bud" Barron',
      latitude: 32.56445806,
    });
    expect(await datasetColumns(airports)).toEqual([
      'iata',
      'name',
      'city',
      'state',
      'country',
      'latitude',
      'longitude',
    ]);
  });

  test('200,000 rows are streamed, and a reader may stop early', async () => {
    let rows = 0;
    for await (const row of streamDataset(
      spec('data/flights-200k.json', 'json', { delay: { type: 'int', from: 'delay' } }),
    )) {
      expect(row.delay).toEqual(expect.any(Number));
      if (++rows === 1000) break;
    }
    expect(rows).toBe(1000);
  });
});

describe('a dataset that can not be read is refused by name', () => {
  test.each([
    ['no such package', spec('x.json', 'json', {}, 'no-such-package-here'), 'not installed|no-such-package'],
    ['no such file', spec('data/none.json', 'json', {}), 'ENOENT'],
    ['a file outside the package', spec('../zod/package.json', 'json', {}), 'outside'],
    [
      'a value of another type',
      spec('data/airports.csv', 'csv', { c: { type: 'int', from: 'iata' } }),
      'row 0, "iata": expected int',
    ],
  ])('%s', async (_, dataset, reason) => {
    await expect(readDataset(dataset)).rejects.toMatchObject({
      code: 'DATASET_UNREADABLE',
      message: expect.stringMatching(new RegExp(reason)),
    });
  });

  test('the path is absolute', () => {
    expect(datasetPath(spec('data/airports.csv', 'csv', {}))).toMatch(/^\/.*vega-datasets\/data\/airports\.csv$/);
  });
});

describe('rows of a file', () => {
  test('JSON: any array of objects is read as JSON.parse reads it', async () => {
    const row = fc.dictionary(fc.string(), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(fc.array(row), fc.constantFrom(undefined, 1), async (rows, indent) => {
        const text = JSON.stringify(rows, null, indent);
        expect(await rowsOf(text, 'json')).toEqual(JSON.parse(text));
      }),
      { numRuns: 60 },
    );
  });

  test('JSON: rows across the chunks of the stream', async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => ({ i, text: `"{${'ü'.repeat(i % 50)}\\` }));
    expect(await rowsOf(JSON.stringify(rows), 'json')).toEqual(rows);
  });

  test('CSV: any cells are read back', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'ü', '"', ',', '\n', '\r', ' '), minLength: 1 });
    const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell)), fc.constantFrom('\n', '\r\n'), async (rows, end) => {
        const text = ['one,two', ...rows.map((cells) => cells.map(quote).join(','))].join(end) + end;
        expect(await rowsOf(text, 'csv')).toEqual(rows.map(([one, two]) => ({ one, two })));
      }),
      { numRuns: 60 },
    );
  });

  test('CSV: empty cells are absent, blank lines skipped, the last line may lack its end', async () => {
    expect(await rowsOf('\ufeffa,b\n1,\n\n,2', 'csv')).toEqual([{ a: '1' }, { b: '2' }]);
  });

  test.each([
    ['JSON cut short', '[{"a":1},{"a"', 'json', 'not closed after row 1'],
    ['JSON that is broken', '[{"a":1},{a:2}]', 'json', 'row 1 is not JSON'],
    ['a CSV row with too many cells', 'a,b\n1,2\n1,2,3\n', 'csv', 'row 1 has 3 cells'],
    ['a CSV quote left open', 'a\n"x', 'csv', 'not closed'],
  ] as const)('%s is refused', async (_, text, format, reason) => {
    await expect(rowsOf(text, format)).rejects.toThrow(reason);
  });
});
