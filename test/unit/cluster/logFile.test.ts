import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { rotateLog, tailLog } from '../../../platform/cluster/process/log-file.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'process-log-'));
  file = join(directory, 'output.log');
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a small log is not rotated, nor one that is not there', () => {
  expect(rotateLog(file, 10)).toBe(false);
  writeFileSync(file, '123456789');
  expect(rotateLog(file, 10)).toBe(false);
});

test('three older parts are kept, and the writer goes on at the start of the emptied file', () => {
  const writer = openSync(file, 'a');
  for (let round = 1; round <= 6; round += 1) {
    writeSync(writer, `round ${round}\n`);
    expect(rotateLog(file, 1)).toBe(true);
  }
  writeSync(writer, 'now\n');
  closeSync(writer);
  expect(statSync(file).size).toBe(4);
  expect([1, 2, 3].map((number) => readFileSync(`${file}.${number}`, 'utf8'))).toEqual([
    'round 6\n',
    'round 5\n',
    'round 4\n',
  ]);
  expect(existsSync(`${file}.4`)).toBe(false);
  expect(tailLog(file, 3)).toBe('round 5\nround 6\nnow');
  expect(tailLog(file, 100)).toBe('round 4\nround 5\nround 6\nnow');
});

test('the tail is that of all parts put together, wherever they were cut', () => {
  const lines = fc.array(
    fc.string({ unit: 'grapheme', maxLength: 50 }).map((text) => text.replaceAll(/[\n\r]/g, 'é')),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(lines, fc.nat(), fc.integer({ min: 1, max: 20 }), (all, cut, count) => {
      const text = Buffer.from(`${all.join('\n')}\n`);
      const at = cut % (text.length + 1);
      writeFileSync(`${file}.1`, text.subarray(0, at));
      writeFileSync(file, text.subarray(at));
      expect(tailLog(file, count)).toBe(all.slice(-count).join('\n'));
    }),
  );
});

test('a last line without its end counts as a line, and lines longer than a block are whole', () => {
  writeFileSync(file, `first\n${'x'.repeat(200_000)}\nlast`);
  expect(tailLog(file, 1)).toBe('last');
  expect(tailLog(file, 2)).toHaveLength(200_005);
  expect(tailLog(file, 0)).toBe('');
});
