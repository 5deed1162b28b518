/** A disk that is almost full takes a part of a write, without an error. Real files that can't grow beyond 4 KiB. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readState } from '../../../platform/state-files.ts';
import { openJournal } from '../../../platform/telemetry/conservation/journal.ts';
import { StageLedger } from '../../../platform/telemetry/conservation/stageLedger.ts';

const script = new URL('../../fixtures/shortWrites.ts', import.meta.url).pathname;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'short-writes-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function onFullDisk(kind: 'state' | 'journal' | 'history'): unknown {
  const command = 'trap "" XFSZ; ulimit -S -f 8; exec "$0" "$@"';
  const done = spawnSync('/bin/sh', ['-c', command, process.execPath, script, kind, directory], {
    ...{ encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
    env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
  });
  expect([done.status, done.signal]).toEqual([0, null]);
  return JSON.parse(done.stdout);
}

test('a state file that can not be written whole is refused, and the one before it stays', () => {
  expect(onFullDisk('state')).toBe('STATE_UNAVAILABLE');
  expect(readState(join(directory, 'thing.json'), 'millrace/thing/1')).toMatchObject({ text: 'a' });
  expect(readdirSync(directory)).toEqual(['thing.json']);
}, 60_000);

test('an entry of a journal that can not be written whole is told, and comes whole when there is room', () => {
  expect(onFullDisk('journal')).toEqual({ full: expect.stringContaining('EFBIG'), mended: null });
  const file = join(directory, 'store.ndjson');
  for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
  const again = new StageLedger({ stage: 'store', journal: openJournal(file), now: () => 1 });
  expect(again.lane('t/0').next).toBe(40);
  expect(again.snapshot().cells.map(({ tallies }) => tallies.in?.count)).toEqual(Array.from({ length: 40 }, () => 1));
}, 60_000);

test('a point of the history that can not be written whole costs no other point, and no file', () => {
  expect(onFullDisk('history')).toEqual({
    said: [expect.stringMatching(/takes no points: .*EFBIG/)],
    ...{ files: 1, first: 1_000_000 },
    last: Array.from({ length: 10 }, (_, at) => 1_090_000 + at * 1000),
  });
}, 60_000);
