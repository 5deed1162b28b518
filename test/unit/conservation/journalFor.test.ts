/** A stage whose journal can't be used: what it counted before is unknown, never balanced and never lost. Real files. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { notesOf } from '../../../platform/observe/ledger.ts';
import { windowMs } from '../../../platform/telemetry/conservation/cell.ts';
import { journalFor } from '../../../platform/telemetry/conservation/journalFor.ts';
import { enter, idsOf } from '../observe/watch/counts.ts';
import { file, Line, said } from './journalLine.ts';

const entry = '{"format":"millrace/conservation/1","lanes":{},"withoutOrigin":0,';
const tally = '{"count":1,"sum":"zz","xor":"00"}';
const cell = `{"originMs":1,"pathway":"p","since":0,"tallies":{"in":${tally}}}`;

describe.each([
  ['is no journal', () => writeFileSync(file, 'hello\n')],
  ['is of another format', () => writeFileSync(file, '{"format":"other/1"}\n')],
  [
    'has a line in the middle that is none',
    () => appendFileSync(file, 'hello\n{"format":"millrace/conservation/1"}\n'),
  ],
  ['lacks what an entry has', () => writeFileSync(file, '{"format":"millrace/conservation/1"}\n')],
  ['has cells that are none', () => writeFileSync(file, `${entry}"cells":[null]}\n`)],
  ['has tallies that are none', () => writeFileSync(file, `${entry}"cells":[${cell}]}\n`)],
  // Of which there is no text to be had, as of a file without permission, which root has always.
  ['can not be opened', () => void [rmSync(file), mkdirSync(file)]],
])('a journal that %s', (_, spoil) => {
  test('makes windows before unknown, with its name; those after are judged', () => {
    const line = new Line();
    for (let window = 0; window < 3; window++) line.pass();
    spoil();
    line.restart();
    for (let window = 0; window < 2; window++) line.pass();
    line.pass(1);
    expect(line.states()).toEqual(['unknown', 'unknown', 'unknown', 'balanced', 'balanced', 'unbalanced']);
    expect(line.report()).toMatchObject({ lost: 1, duplicated: 0 });
    const [why] = line.report().windows[0]!.waitsFor;
    expect(why).toMatch(/^store, which has forgotten what it counted before 20.*Z: its journal /);
    for (const text of [why, said[0]]) expect(text).toContain(`${file} could not be read (`);
    expect(why).toContain(`it lies as ${file}.unread`);
    expect(said).toHaveLength(1);
    expect(existsSync(`${file}.unread`)).toBe(true);
    const replies = [{ task: 'mine.sinks.0', stages: [line.sink.report()] }];
    expect(notesOf(replies, line.nowMs)).toEqual([expect.stringContaining(`${file} could not be read`)]);
    expect(notesOf(replies, line.nowMs + 2 * 86_400_000)).toEqual([]);
  });

  test('is known to have been so after the next kill -9, and after the new one was written anew', () => {
    const line = new Line();
    line.pass();
    spoil();
    line.restart();
    line.pass();
    line.restart();
    expect(line.states()).toEqual(['unknown', 'balanced']);
    const journal = journalFor(file, { log: () => {}, now: () => line.nowMs });
    const [first] = journal.entries();
    journal.replace({ ...first!, cells: line.sink.report().ledger.cells, lanes: { 't/0': 20 } });
    line.restart();
    line.pass();
    expect(line.states()).toEqual(['unknown', 'balanced', 'balanced']);
    expect(said).toHaveLength(1);
  });
});

test('a new journal that can be begun and not written whole yet takes nothing of what was counted with it', () => {
  const line = new Line();
  rmSync(dirname(file), { recursive: true });
  writeFileSync(dirname(file), 'in the way');
  line.restart();
  line.pass();
  rmSync(dirname(file));
  const obstacles = [`${file}.draft`, `${file}.${process.pid}.new`];
  for (const each of obstacles) mkdirSync(each, { recursive: true });
  for (let window = 0; window < 3; window++) line.pass();
  expect(line.sink.report().ledger.fault).toContain('can not be used');
  for (const each of obstacles) rmSync(each, { recursive: true });
  for (let window = 0; window < 2; window++) line.pass();
  expect(line.sink.report().ledger.fault).toBeUndefined();
  line.restart();
  expect(line.states()).toEqual(Array.from({ length: 6 }, () => 'balanced'));
});

/** A sink of its own process, whose files can't grow: a write fails as on a full disk. */
function limited(line: Line, mend: 'room' | 'none') {
  const script = new URL('../../fixtures/journalChild.ts', import.meta.url).pathname;
  const command = 'trap "" XFSZ; ulimit -S -f 0; exec "$0" "$@"';
  const words = [script, file, `${line.nowMs}`, `${line.read}`, mend];
  return spawnSync('/bin/sh', ['-c', command, process.execPath, ...words], {
    ...{ encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
    env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
  });
}

test('one that can be read and not written is gone on from, in that process and the next, and never set aside', () => {
  const line = new Line();
  for (let window = 0; window < 2; window++) line.pass();
  // A start after kill -9: it ends the line that was cut short before it goes on.
  appendFileSync(file, '{"format":"mill');
  const before = readFileSync(file, 'utf8');
  const full = limited(line, 'none');
  expect([full.status, full.signal]).toEqual([0, null]);
  const { said: words, fault } = JSON.parse(full.stdout) as { said: string[]; fault: string | null };
  expect(words).toEqual([expect.stringContaining(`can not write to it: its journal ${file} can not be used (EFBIG`)]);
  expect(fault).toContain('it is tried again every 10 s');
  expect([readFileSync(file, 'utf8'), existsSync(`${file}.unread`)]).toEqual([before, false]);
  // The next one reads the same again, and gets room at last.
  const mended = limited(line, 'room');
  expect(JSON.parse(mended.stdout)).toMatchObject({ said: [words[0], expect.stringContaining('again')], fault: null });
  for (let window = 0; window < 6; window++) {
    enter(line.ingress, idsOf(10, `e${line.nowMs}`), line.nowMs);
    [line.nowMs, line.read] = [line.nowMs + windowMs, line.read + 10];
  }
  line.restart();
  line.pass();
  expect(line.states()).toEqual(Array.from({ length: 9 }, () => 'balanced'));
  expect(line.sink.report().ledger).not.toHaveProperty('unknownBefore');
  expect([existsSync(`${file}.unread`), said]).toEqual([false, []]);
}, 60_000);

describe('the end of the process while a journal that can not be read is set aside', () => {
  test('before a byte of the new one is on the disk: the next start does not take itself for a new stage', () => {
    const line = new Line();
    line.pass();
    writeFileSync(file, 'hello\n');
    expect(limited(line, 'none').status).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('hello\n');
    line.restart();
    line.pass();
    expect(line.states()).toEqual(['unknown', 'balanced']);
    expect(readFileSync(`${file}.unread`, 'utf8')).toBe('hello\n');
  });

  test('when the old one has been moved away and the new one is not in its place yet', () => {
    const line = new Line();
    line.pass();
    writeFileSync(file, 'hello\n');
    line.restart();
    renameSync(file, `${file}.draft`);
    line.restart();
    line.pass();
    expect(line.states()).toEqual(['unknown', 'balanced']);
    expect(readFileSync(`${file}.unread`, 'utf8')).toBe('hello\n');
  });
});

test('a journal that can be read, and one that is not there yet, are as they were', () => {
  const line = new Line();
  line.pass();
  line.restart();
  line.pass();
  expect(line.states()).toEqual(['balanced', 'balanced']);
  expect(line.sink.report().ledger).not.toHaveProperty('unknownBefore');
  expect(said).toEqual([]);
});
