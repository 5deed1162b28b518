/** Runs rendered tasks as plain child processes, without the agent: files written, placeholders filled in, argv spawned. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskSpec } from '../../../platform/cluster/driver.ts';
import type { FrameworkAccess, FrameworkPackage } from '../../../platform/frameworks/contract.ts';
import type { Placement } from '../../../platform/model/cluster.ts';

export interface RunningTask {
  readonly spec: TaskSpec;
  readonly directory: string;
  readonly process: ChildProcess & { readonly pid: number };
  readonly logFile: string;
}

/** Starts the task in `root`; what an earlier run of it left in its data directory is kept. */
export function start(spec: TaskSpec, root: string): RunningTask {
  const directory = join(root, spec.id);
  const dataDir = join(directory, 'data');
  const logDir = join(directory, 'log');
  const fill = (text: string) =>
    text.replaceAll('{taskDir}', directory).replaceAll('{dataDir}', dataDir).replaceAll('{logDir}', logDir);
  for (const made of [dataDir, logDir]) mkdirSync(made, { recursive: true });
  for (const file of spec.files) {
    const path = join(directory, file.path);
    mkdirSync(dirname(path), { recursive: true });
    rmSync(path, { force: true });
    writeFileSync(path, fill(file.content), { mode: file.mode ?? 0o600 });
  }
  const logFile = join(logDir, 'out.log');
  const log = openSync(logFile, 'a');
  const env = { PATH: process.env.PATH, HOME: directory, LANG: 'C.UTF-8', TZ: 'UTC', ...spec.env };
  const [command, ...rest] = spec.argv.map(fill);
  const child = spawn(command!, rest, { cwd: directory, detached: true, stdio: ['ignore', log, log], env });
  closeSync(log);
  if (child.pid === undefined) throw new Error(`${spec.id} did not start`);
  return { spec, directory, process: child as RunningTask['process'], logFile };
}

/** Sends the signal to the whole process group and waits for the end. */
export async function end(
  task: RunningTask,
  signal: 'SIGTERM' | 'SIGKILL' = task.spec.stop.signal as 'SIGTERM',
): Promise<void> {
  if (task.process.exitCode !== null || task.process.signalCode !== null) return;
  const ended = once(task.process, 'exit');
  process.kill(-task.process.pid, signal);
  const timer = setTimeout(() => process.kill(-task.process.pid, 'SIGKILL'), task.spec.stop.graceMs);
  await ended;
  clearTimeout(timer);
}

/** Asks until the task is ready; throws with the end of its log when it ends first or 180 s have passed. */
export async function untilReady<O>(
  framework: FrameworkPackage<O>,
  access: FrameworkAccess<O>,
  placement: Placement,
  task: RunningTask,
): Promise<void> {
  const deadline = Date.now() + 180_000;
  let waitingFor = '';
  while (Date.now() < deadline) {
    if (task.process.exitCode !== null || task.process.signalCode !== null) break;
    const readiness = await framework.ready(access, placement);
    if (readiness.ready) return;
    waitingFor = readiness.waitingFor;
    await sleep(100);
  }
  const tail = readFileSync(task.logFile, 'utf8').split('\n').slice(-40).join('\n');
  throw new Error(`${task.spec.id} is not ready (exit ${task.process.exitCode}), waiting for ${waitingFor}\n${tail}`);
}

/** What `ps` and any user of the machine may see of a process: its command line, and its environment. */
export function visibleText(task: RunningTask): string {
  const read = (name: string) => readFileSync(`/proc/${task.process.pid}/${name}`, 'utf8');
  return `${read('cmdline')}\n${read('environ')}`;
}

/** CPU seconds used so far and resident memory now, of the process itself. */
export function usage(task: RunningTask): { cpuSeconds: number; memoryMiB: number } {
  const stat = readFileSync(`/proc/${task.process.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${task.process.pid}/status`, 'utf8');
  const residentKiB = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100, memoryMiB: Math.round(residentKiB / 1024) };
}
