/** The check over a whole run of tests finds what was left, and nothing else. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { openTestRoom } from '../../leftovers.ts';

const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) await ended(child);
});

function ended(child: ChildProcess): Promise<unknown> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  return gone;
}

/** A server that says when it listens. */
async function serve(env: NodeJS.ProcessEnv): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const code = `const s = require('node:net').createServer().listen(0, '127.0.0.1', () => console.log(s.address().port))`;
  const child = spawn(process.execPath, ['-e', code], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const port = await new Promise<string>((resolve) => child.stdout!.once('data', (chunk) => resolve(String(chunk))));
  return { child, port: Number(port) };
}

test('a room in which nothing is left is removed', async () => {
  const room = openTestRoom(0);
  await serve({});
  expect(await room.leftovers()).toEqual([]);
  expect(existsSync(room.directory)).toBe(false);
});

const onLinux = process.platform === 'linux' ? test : test.skip;
onLinux('a process that runs on is named with its task and its ports, and a directory by its name', async () => {
  const room = openTestRoom(0);
  mkdirSync(join(room.directory, 'millrace-e2e-1'));
  const { child, port } = await serve({ TMPDIR: room.directory, MILLRACE_TASK: 'abc/kafka.broker.0' });
  expect(await room.leftovers()).toEqual([
    `process node (pid ${child.pid}), task abc/kafka.broker.0, listens on 127.0.0.1:${port}`,
    'file millrace-e2e-1',
  ]);
  await ended(children.pop()!);
  rmdirSync(join(room.directory, 'millrace-e2e-1'));
  expect(await room.leftovers()).toEqual([]);
});
