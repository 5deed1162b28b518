import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { readState, writeState } from '../../../platform/state-files.ts';

interface Thing {
  readonly format: 'millrace/task/1';
  readonly size: number;
}
const thing = z.object({ format: z.literal('millrace/task/1'), size: z.number() });
const directory = mkdtempSync(join(tmpdir(), 'process-state-'));
afterAll(() => rmSync(directory, { recursive: true }));
const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/cluster/${name}`, import.meta.url));
const read = (file: string) => readState<Thing>(file, 'millrace/task/1', (value) => thing.parse(value));

test('what is written is read, whole, by its owner only, with nothing left beside it', () => {
  const file = join(directory, 'new', 'thing.json');
  writeState<Thing>(file, { format: 'millrace/task/1', size: 1 });
  writeState<Thing>(file, { format: 'millrace/task/1', size: 2 });
  expect(read(file)).toEqual({ format: 'millrace/task/1', size: 2 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(directory, 'new')).mode & 0o777).toBe(0o700);
  expect(readdirSync(join(directory, 'new'))).toEqual(['thing.json']);
});

test('no file is no error', () => {
  expect(read(join(directory, 'absent.json'))).toBeUndefined();
});

describe('a file that is not ours is refused by name and left as it is', () => {
  test.each([
    ['task-cut-short.json', 'CORRUPT_STATE', 'it is not whole JSON (70 characters)'],
    ['task-without-format.json', 'CORRUPT_STATE', 'it does not say its format'],
    ['task-without-argv.json', 'CORRUPT_STATE', 'at size, Invalid input: expected number, received undefined'],
  ])('%s', (name, code, reason) => {
    const before = readFileSync(fixture(name), 'utf8');
    expect(() => read(fixture(name))).toThrow(
      expect.objectContaining({ code, details: { file: fixture(name), reason } }),
    );
    expect(readFileSync(fixture(name), 'utf8')).toBe(before);
  });

  test('task-of-format-2.json', () => {
    const details = { file: fixture('task-of-format-2.json'), found: 'millrace/task/2', expected: 'millrace/task/1' };
    expect(() => read(details.file)).toThrow(expect.objectContaining({ code: 'FOREIGN_STATE', details }));
  });

  test.each([
    ['empty', '', 'it is empty'],
    ['null', 'null', 'it does not say its format'],
    ['a list', '[1]', 'it does not say its format'],
  ])('%s', (_, text, reason) => {
    const file = join(directory, 'faulty.json');
    writeFileSync(file, text);
    expect(() => read(file)).toThrow(expect.objectContaining({ code: 'CORRUPT_STATE', details: { file, reason } }));
  });
});

test('a file that can not be opened or replaced is said to be so, and no half-written one stays', () => {
  const file = join(directory, 'taken');
  mkdirSync(join(file, 'something'), { recursive: true });
  expect(() => read(file)).toThrow(expect.objectContaining({ code: 'STATE_UNAVAILABLE' }));
  expect(() => writeState<Thing>(file, { format: 'millrace/task/1', size: 1 })).toThrow(
    expect.objectContaining({ code: 'STATE_UNAVAILABLE' }),
  );
  expect(readdirSync(directory).filter((name) => name.startsWith('.'))).toEqual([]);
});
