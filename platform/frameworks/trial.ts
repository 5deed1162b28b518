/** Runs a server once, in a directory of its own beside the archive that is being made; see archive.ts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskSpec } from '../cluster/driver.ts';
import { fail, MillraceError } from '../errors.ts';
import type { Placement, TaskDemand } from '../model/cluster.ts';
import type { Artifacts, FrameworkAccess, FrameworkPackage } from './contract.ts';

/** Longest time for the server to become ready, and to end, on a loaded machine. */
export const deadlineMs = 240_000;

export async function accessOf<O>(framework: FrameworkPackage<O>, artifacts: Artifacts): Promise<FrameworkAccess<O>> {
  const options = framework.options.parse({});
  const placements = await Promise.all(framework.demands(options).map(placeTask));
  const secrets = new Map<string, string>();
  const secret = (name: string) => {
    const known = secrets.get(name) ?? randomBytes(32).toString('hex');
    secrets.set(name, known);
    return known;
  };
  return { options, placements, identity: `class-data-${randomBytes(8).toString('hex')}`, artifacts, secret };
}

export async function placeTask(demand: TaskDemand): Promise<Placement> {
  const address = '127.0.0.1';
  const ports: Record<string, number> = {};
  for (const name of demand.ports) {
    do ports[name] = randomInt(20_000, 32_000);
    while (
      Object.values(ports).indexOf(ports[name]) < Object.keys(ports).indexOf(name) ||
      !(await isFree(address, ports[name]))
    );
  }
  return { task: demand.task, node: 'local', address, ports, demand };
}

async function isFree(address: string, port: number): Promise<boolean> {
  const listener = createServer();
  const free = new Promise<boolean>((resolve) =>
    listener.once('error', () => resolve(false)).once('listening', () => resolve(true)),
  );
  listener.listen(port, address);
  const answer = await free;
  if (answer) await new Promise((resolve) => listener.close(resolve));
  return answer;
}

export interface Server {
  readonly process: ChildProcess;
  readonly logFile: string;
}

export function start(spec: TaskSpec, directory: string, javaOption: string): Server {
  const dirs = { taskDir: directory, dataDir: join(directory, 'data'), logDir: join(directory, 'log') };
  const fill = (text: string) =>
    text.replace(/\{(taskDir|dataDir|logDir)\}/g, (_, name: keyof typeof dirs) => dirs[name]);
  for (const made of Object.values(dirs)) mkdirSync(made, { recursive: true });
  for (const { path, content, mode } of spec.files) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), fill(content), { mode: mode ?? 0o600 });
  }
  const logFile = join(dirs.logDir, 'out.log');
  const log = openSync(logFile, 'a');
  const [java, ...rest] = spec.argv;
  const env = { PATH: process.env.PATH, HOME: directory, LANG: 'C.UTF-8', TZ: 'UTC', ...spec.env };
  const child = spawn(java, [javaOption, ...rest.map(fill)], { cwd: directory, stdio: ['ignore', log, log], env });
  closeSync(log);
  return { process: child, logFile };
}

export async function untilReady<O>(
  framework: FrameworkPackage<O>,
  access: FrameworkAccess<O>,
  placement: Placement,
  server: Server,
): Promise<void> {
  const began = performance.now();
  const task = placement.task;
  for (;;) {
    const { exitCode, signalCode } = server.process;
    const tail = () => readFileSync(server.logFile, 'utf8').split('\n').slice(-20).join('\n');
    if (exitCode !== null || signalCode !== null)
      fail('TASK_FAILED', { task, ending: `with ${exitCode ?? signalCode}`, tail: tail() });
    const { ready, waitingFor } = await framework.ready(access, placement);
    if (ready) return;
    if (performance.now() - began > deadlineMs)
      fail('NOT_READY', { task, waited: `${deadlineMs / 1000} s`, reason: waitingFor });
    await sleep(200);
  }
}

export async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  const timer = setTimeout(() => server.kill('SIGKILL'), deadlineMs);
  await ended;
  clearTimeout(timer);
}

/** A broker that has just come up answers that its coordinators are still loading; verbs are idempotent. */
export async function whileRetryable(work: () => Promise<void>): Promise<void> {
  const began = performance.now();
  for (;;) {
    try {
      return await work();
    } catch (thrown) {
      const again = thrown instanceof MillraceError && thrown.row.retryable && performance.now() - began < deadlineMs;
      if (!again) throw thrown;
      await sleep(200);
    }
  }
}
