/**
 * Limits of CPU and memory. Where a version 2 control group with both controllers can be written, each task gets a group of its
 * own: `memory.high` at its limit, `memory.max` a quarter above it (a server's page cache and native memory come and go), and
 * `cpu.weight` by its shares. Elsewhere memory is advisory, and CPU is a matter of `nice`, by tier.
 */
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { DriverCapabilities, TaskSpec } from '../../driver.ts';

export interface Limits {
  readonly capabilities: DriverCapabilities;
  /** The command line that puts itself under the task's limits, then becomes `argv`. */
  wrap(spec: Pick<TaskSpec, 'id' | 'limits'>, argv: readonly string[]): readonly string[];
  /** Called once the task's process runs. */
  started(pid: number, tier: number): void;
  /** Called once nothing of the task runs any more and it is forgotten. */
  release(id: string): void;
}

/** The control plane stays responsive when pipelines take every core; feeds yield to what drains them. Index: tier. */
const niceByTier = [0, 1, 1, 1, 5] as const;
const wrapper = 'echo 0 >"$0" || echo "millrace: this task runs without its limits" >&2; exec "$@"';

export function limitsFor(hash: string): Limits {
  const parent = process.platform === 'linux' ? findParent() : undefined;
  const base = parent && makeBase(join(parent, `millrace-${hash}`));
  return base === undefined ? advisory : enforced(base);
}

/** CPU shares bind only while the cores are contended, so that the limit of CPU stays advisory in any case. */
const canEnforce: DriverCapabilities = { memoryLimit: 'enforced', cpuLimit: 'advisory', sharedPorts: true };
const canAdvise: DriverCapabilities = {
  ...{ memoryLimit: 'advisory', cpuLimit: 'advisory', sharedPorts: process.platform === 'linux' },
};

/** What an agent that is started here will be able to do, as far as can be told without making a control group. */
export function expectedCapabilities(): DriverCapabilities {
  return process.platform === 'linux' && findParent() ? canEnforce : canAdvise;
}

const advisory: Limits = {
  capabilities: canAdvise,
  wrap: (_spec, argv) => argv,
  started: lowerPriority,
  release: () => {},
};

function enforced(base: string): Limits {
  return {
    capabilities: canEnforce,
    wrap({ id, limits }, argv) {
      const group = join(base, id);
      setLimits(group, limits);
      return ['/bin/sh', '-c', wrapper, join(group, 'cgroup.procs'), ...argv];
    },
    started: () => {},
    release: (id) => removeGroup(join(base, id)),
  };
}

function setLimits(group: string, { cpus, memoryMiB }: TaskSpec['limits']): void {
  const bytes = memoryMiB * 1024 * 1024;
  mkdirSync(group, { recursive: true });
  writeFileSync(join(group, 'memory.high'), String(bytes));
  writeFileSync(join(group, 'memory.max'), String(Math.round(bytes * 1.25)));
  writeFileSync(join(group, 'cpu.weight'), String(Math.min(10_000, Math.max(1, Math.round(cpus * 100)))));
}

/** Nearest group above the agent's own whose children have both controllers and that the agent may write. */
function findParent(): string | undefined {
  const chain = groupsAbove(readFileSync('/proc/self/cgroup', 'utf8'), readFileSync('/proc/self/mountinfo', 'utf8'));
  return chain.find((group) => {
    try {
      const controllers = readFileSync(join(group, 'cgroup.subtree_control'), 'utf8').trim().split(' ');
      for (const path of [group, join(group, 'cgroup.procs')]) accessSync(path, constants.W_OK);
      return controllers.includes('memory') && controllers.includes('cpu');
    } catch {
      return false;
    }
  });
}

/**
 * Version 2 groups that could hold ours, nearest first: those above the agent's own, whose processes bar it from having
 * children with controllers; the root group is exempt from that (cgroups(7), "no internal processes").
 */
export function groupsAbove(selfCgroup: string, mountInfo: string): readonly string[] {
  const own = /^0::(\/.*)$/m.exec(selfCgroup)?.[1];
  const mount = /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(mountInfo)?.[1];
  if (own === undefined || mount === undefined) return [];
  const groups: string[] = [];
  for (let path = own; path !== '/'; path = dirname(path)) groups.push(resolve(mount, `.${dirname(path)}`));
  return groups.length === 0 ? [mount] : groups;
}

/** Makes the home's group and tries it out with a child; undefined: it does not work here. */
function makeBase(base: string): string | undefined {
  const trial = join(base, 'trial');
  try {
    mkdirSync(base, { recursive: true });
    writeFileSync(join(base, 'cgroup.subtree_control'), '+cpu +memory');
    setLimits(trial, { cpus: 1, memoryMiB: 64 });
    return base;
  } catch {
    return undefined;
  } finally {
    removeGroup(trial);
  }
}

function removeGroup(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // Not there, or the kernel has not yet let go of its last process: an empty group costs nothing.
  }
}

function lowerPriority(pid: number, tier: number): void {
  const nice = niceByTier[tier] ?? 1;
  try {
    if (nice > 0) setPriority(pid, nice);
  } catch {
    // It has ended already.
  }
}
