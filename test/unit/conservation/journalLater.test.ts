/** A stage whose journal can be read, or begun, only later: nothing is set aside, and what can be known is known then. Real files. */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { notesOf } from '../../../platform/observe/ledger.ts';
import { file, Line, said } from './journalLine.ts';

/** Keeps the file from being read, as a process without a free descriptor is; answers what ends that. */
function unreadable(): () => void {
  renameSync(file, `${file}.away`);
  symlinkSync(file, file);
  return () => {
    unlinkSync(file);
    renameSync(`${file}.away`, file);
  };
}

describe('a journal that can not be read for a while is not set aside', () => {
  test('and makes nothing unknown once it is read: counts go on where it ended, over restarts too', () => {
    const line = new Line();
    for (let window = 0; window < 3; window++) line.pass();
    const mend = unreadable();
    line.restart();
    for (let window = 0; window < 2; window++) line.pass();
    expect(line.states()).toEqual(['unknown', 'unknown', 'unknown', 'balanced', 'balanced']);
    expect(line.sink.report().ledger.fault).toContain('can not be used (');
    mend();
    for (let window = 0; window < 2; window++) line.pass();
    const all = Array.from({ length: 7 }, () => 'balanced');
    expect([line.states(), existsSync(`${file}.unread`)]).toEqual([all, false]);
    expect(line.sink.report().ledger.fault).toBeUndefined();
    line.restart();
    expect(line.states()).toEqual(all);
    line.pass(1);
    expect(line.report()).toMatchObject({ lost: 1, duplicated: 0 });
  });

  test.each([
    ['came again meanwhile', 20],
    ['was counted by a process of which nothing is left', 40],
  ])(
    'and what %s leaves windows unknown, neither doubled nor lost; the reason is not told as if it lasted',
    (_, next) => {
      const line = new Line();
      for (let window = 0; window < 3; window++) line.pass();
      const mend = unreadable();
      line.restart();
      line.read = next;
      line.pass();
      mend();
      for (let window = 0; window < 2; window++) line.pass();
      expect(line.states()).toEqual(['unknown', 'unknown', 'unknown', 'balanced', 'balanced', 'balanced']);
      expect(line.report()).toMatchObject({ lost: 0, duplicated: 0 });
      const [note, ...rest] = notesOf([{ task: 'mine.sinks.0', stages: [line.sink.report()] }], line.nowMs);
      expect([note, rest]).toEqual([expect.stringContaining(`${file} could not be used (`), []]);
      expect(note).not.toContain('tried again');
      expect(JSON.parse(readFileSync(file, 'utf8').trimEnd().split('\n').at(-1)!).lanes).toEqual({ 't/0': next + 30 });
    },
  );

  test('and where it turns out to be none of ours, is set aside then', () => {
    const line = new Line();
    line.pass();
    const mend = unreadable();
    line.restart();
    line.pass();
    mend();
    writeFileSync(file, 'hello\n');
    for (let window = 0; window < 2; window++) line.pass();
    expect(line.states()).toEqual(['unknown', 'balanced', 'balanced', 'balanced']);
    expect(readFileSync(`${file}.unread`, 'utf8')).toBe('hello\n');
  });
});

test('where not even a new journal can be begun, that is told with the remedy, and it begins when it can', () => {
  const line = new Line();
  line.pass();
  const stale = readFileSync(file, 'utf8');
  rmSync(dirname(file), { recursive: true });
  writeFileSync(dirname(file), 'in the way');
  line.restart();
  line.pass();
  expect(line.states()).toEqual(['unknown', 'balanced']);
  const { fault } = line.sink.report().ledger;
  expect(fault).toContain(`${file} can not be used (`);
  expect(fault).toContain('make it and its directory readable and writable');
  const replies = [{ task: 'mine.sinks.0', stages: [line.sink.report()] }];
  expect(notesOf(replies, line.nowMs)).toEqual([`mine.sinks.0, store: ${fault}`]);
  // Mended, with the journal of long ago in its place: what was counted meanwhile is not in it.
  rmSync(dirname(file));
  mkdirSync(dirname(file));
  writeFileSync(file, stale);
  line.pass();
  line.pass();
  expect(line.sink.report().ledger.fault).toBeUndefined();
  expect(said.at(-1)).toContain('has its journal');
  line.restart();
  line.pass();
  expect(line.states()).toEqual(['unknown', 'balanced', 'balanced', 'balanced', 'balanced']);
  expect(line.report()).toMatchObject({ lost: 0, duplicated: 0 });
});

test('a later try puts nothing in the place of what was set aside before', () => {
  const line = new Line();
  line.pass();
  rmSync(dirname(file), { recursive: true });
  writeFileSync(dirname(file), 'in the way');
  line.restart();
  rmSync(dirname(file));
  mkdirSync(dirname(file));
  writeFileSync(`${file}.unread`, 'of long ago');
  writeFileSync(file, '');
  for (let window = 0; window < 2; window++) line.pass();
  expect(said.at(-1)).toContain('has its journal');
  expect(readFileSync(`${file}.unread`, 'utf8')).toBe('of long ago');
});
