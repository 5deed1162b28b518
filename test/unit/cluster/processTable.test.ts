import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { isAlive, processTable } from '../../../platform/cluster/process/process-table.ts';
import { parseStat } from '../../../platform/cluster/process/process-table-linux.ts';
import { parsePs, psProcessTable } from '../../../platform/cluster/process/process-table-ps.ts';

test('a name with brackets and blanks does not shift the fields', () => {
  const stat = '4711 (a) b (c) S 1 4700 4699 0 -1 4194560 10 20 0 0 150 50 25 25 20 0 11 0 987654 1 2 3';
  expect(parseStat(stat, 'boot')).toEqual({
    pid: 4711,
    startTime: 'boot/987654',
    parent: 1,
    group: 4700,
    session: 4699,
    zombie: false,
    cpuSeconds: 2.5,
  });
  expect(parseStat('', 'boot')).toBeUndefined();
});

test('lines of ps, of macOS and of Linux', () => {
  const macos = '  501     1   501      0 Ss     0:01.50 Mon Nov 23 09:00:00 2026    \n';
  const linux = '    612     2    612     610 Z    1-01:00:02 Mon Nov 23 09:30:05 2026\n';
  expect(parsePs(macos + linux)).toEqual([
    {
      pid: 501,
      startTime: 'Mon Nov 23 09:00:00 2026',
      parent: 1,
      group: 501,
      session: 501,
      zombie: false,
      cpuSeconds: 1.5,
    },
    {
      pid: 612,
      startTime: 'Mon Nov 23 09:30:05 2026',
      parent: 2,
      group: 612,
      session: 610,
      zombie: true,
      cpuSeconds: 90_002,
    },
  ]);
});

test('a process is seen with its session, mark, log and memory, and its end is seen', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'process-table-'));
  const log = openSync(join(directory, 'log'), 'a');
  const env = { ...process.env, NODE_OPTIONS: '', MILLRACE_TASK: 'home/some.task' };
  const child = spawn(process.execPath, ['-e', 'process.send("up"); setInterval(() => {}, 1000)'], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env,
  });
  await once(child, 'message');
  const pid = child.pid!;
  const table = processTable();
  const seen = table.read(pid)!;
  expect(seen).toMatchObject({ pid, parent: process.pid, group: pid, session: pid, zombie: false });
  expect(table.list().map((each) => each.pid)).toEqual(expect.arrayContaining([process.pid, pid]));
  expect(table.markOf(pid)).toBe('home/some.task');
  expect(table.writesTo(pid, join(directory, 'log'))).toBe(true);
  expect(table.writesTo(pid, join(directory, 'other'))).toBe(false);
  expect(table.memoryMiB(pid)).toBeGreaterThan(10);
  expect(table.nameOf(pid)).toBe('node');
  expect(isAlive(table, seen)).toBe(true);
  expect(isAlive(table, { pid, startTime: 'of another' })).toBe(false);
  expect(psProcessTable().read(pid)).toMatchObject({
    pid,
    parent: process.pid,
    group: pid,
    session: pid,
    zombie: false,
  });
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isAlive(table, seen)).toBe(false);
  closeSync(log);
  rmSync(directory, { recursive: true });
});
