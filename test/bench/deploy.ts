/**
 * `npm run bench:deploy`: deploys flight-delays in a home of its own and prints what it cost, as ratios of one run. Wall times of a
 * shared machine are noisy; compare figures of one run.
 *
 * The bound of a deploy is max(longest chain, ΣCPU / cores) of the same servers booted bare in this run (bareBoot.ts). Our own
 * Node tasks (platform worker, ingress, sinks, services) can't be booted without the rest: to the bare servers' CPU is added
 * what they had used when the first event was read.
 */
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadArtifacts } from '../../platform/artifacts/load.ts';
import type { TaskStatus } from '../../platform/cluster/driver.ts';
import { type Usage, usageReader } from '../../platform/cluster/process/agent/usage.ts';
import { agentOf } from '../../platform/cluster/process/ensure-agent.ts';
import { processTable } from '../../platform/cluster/process/process-table.ts';
import { cacheOf, homeAt } from '../../platform/home.ts';
import { controlLimits } from '../../platform/model/controlPlane.ts';
import type { DeployResult } from '../../platform/model/operations.ts';
import type { VerifyResult } from '../../platform/verify/verify.ts';
import { createTestHome } from '../e2e/cli.ts';
import { type BareBoot, bootBare } from './bareBoot.ts';

const portBase = 17_400;
const home = createTestHome(portBase);
const servers = /^(kafka|cassandra|redis|spark|millrace\.temporal)\.|\.spark-driver\./;
const tasks = async () => (await home.json<{ tasks: TaskStatus[] }>('status')).tasks;
const sum = (all: readonly TaskStatus[], pick: (usage: NonNullable<TaskStatus['usage']>) => number) =>
  all.reduce((total, { usage }) => total + (usage ? pick(usage) : 0), 0);
const line = (name: string, value: string) => console.log(`${name.padEnd(68)} ${value}`);

const agentId = 'the agent, which is no task';
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

try {
  await printWarmUp();
  const bare = await bootBare(await loadArtifacts(cacheOf(process.env)));
  for (const { name, readyMs, cpuSeconds } of bare)
    line(`bare ${name}: ready, CPU by then`, `${seconds(readyMs)}, ${cpuSeconds.toFixed(1)} s`);
  await printDeploy(bare);
  await printFlow();
  await printAtRest();
  await printSecondPipeline();
  await printFrameworksUp();
} finally {
  await home.purge();
}

/**
 * The first deploy of a cache makes class-data archives, the first of a checkout compiles its JavaScript (Node keeps that by path):
 * it is printed, and not what is measured.
 */
async function printWarmUp(): Promise<void> {
  const first = createTestHome(portBase);
  try {
    const { firstEventMs } = await first.json<DeployResult>('deploy', 'flight-delays', '--yes');
    line('a deploy before, whose JavaScript is uncompiled in a new checkout', seconds(firstEventMs));
  } finally {
    await first.purge();
  }
}

async function printDeploy(bare: readonly BareBoot[]): Promise<void> {
  const first = await home.json<DeployResult>('deploy', 'flight-delays', '--yes');
  const all = await tasks();
  const own = all.filter(({ id }) => !servers.test(id));
  const ownCpuSeconds = sum(own, (usage) => usage.cpuSeconds);
  const bareCpuSeconds = bare.reduce((total, { cpuSeconds }) => total + cpuSeconds, 0);
  const chainMs = Math.max(...bare.map(({ readyMs }) => readyMs));
  const cpuBoundMs = ((bareCpuSeconds + ownCpuSeconds) / availableParallelism()) * 1000;
  line('deploy, nothing running → first event read', seconds(first.firstEventMs));
  line('  CPU: bare servers, our Node tasks', `${bareCpuSeconds.toFixed(1)} s, ${ownCpuSeconds.toFixed(1)} s`);
  const inDeploy = sum(all, (usage) => usage.cpuSeconds);
  line(
    '  CPU of all tasks by then, per second of the deploy',
    `${inDeploy.toFixed(1)} s, ${((inDeploy / first.firstEventMs) * 1000).toFixed(2)} cores`,
  );
  for (const { name, cpuSeconds } of bare) {
    const pattern = new RegExp(name === 'spark' ? '^spark\\.|spark-driver' : `(^|\\.)${name}\\.`);
    const used = sum(
      all.filter(({ id }) => pattern.test(id)),
      (usage) => usage.cpuSeconds,
    );
    line(`  ${name}: CPU when booted bare, in the deploy`, `${cpuSeconds.toFixed(1)} s, ${used.toFixed(1)} s`);
  }
  line('  bound: longest chain, ΣCPU / cores', `${seconds(chainMs)}, ${seconds(cpuBoundMs)}`);
  line('  deploy / bound (aim: at most 1.25)', (first.firstEventMs / Math.max(chainMs, cpuBoundMs)).toFixed(2));
  const second = await home.json<DeployResult>('deploy', 'flight-delays', '--yes');
  line('deploy of the same pipeline again (aim: at most 10 s)', seconds(second.firstEventMs));
}

/** Twice: just after the deploy the virtual machines of Spark and Cassandra are still compiling. */
async function printFlow(): Promise<void> {
  for (const when of ['just deployed', 'again']) {
    const verify = await home.json<VerifyResult>('verify', 'flight-delays', '--events', '5000', '--rate', '500');
    const { latencyMs: latency, lost, duplicated } = verify;
    line(
      `ingress → API at 500 events/s, ${when} (aim: p50 250, p99 1000)`,
      `p50 ${latency?.p50} ms, p99 ${latency?.p99} ms`,
    );
    line('  lost, duplicated', `${lost}, ${duplicated}`);
  }
}

/** Another pipeline beside the one that runs: what it takes is the start of a Spark driver and an executor of its own. */
async function printSecondPipeline(): Promise<void> {
  const second = await home.json<DeployResult>('deploy', 'flight-delays', '--name', 'second', '--yes');
  line('deploy of a second pipeline, frameworks and the first running', seconds(second.firstEventMs));
  await home.json('destroy', 'second', '--yes');
}

/** Nothing but the frameworks runs: what is left of a deploy when these need not start. */
async function printFrameworksUp(): Promise<void> {
  await home.json('destroy', 'flight-delays', '--yes');
  const again = await home.json<DeployResult>('deploy', 'flight-delays', '--yes');
  line('deploy with the frameworks up, nothing else running (aim: at most 10 s)', seconds(again.firstEventMs));
}

async function printAtRest(): Promise<void> {
  await sleep(15_000);
  const [before, startMs] = [await looked(), Date.now()];
  await sleep(10_000);
  const [after, elapsedSeconds] = [await looked(), (Date.now() - startMs) / 1000];
  const memory = (all: readonly Usage[]) => `${Math.round(all.reduce((total, each) => total + each.memoryMiB, 0))} MiB`;
  const used = (one: readonly Usage[], other: readonly Usage[]) => {
    const cpuSeconds = (all: readonly Usage[]) => all.reduce((total, each) => total + each.cpuSeconds, 0);
    return ((cpuSeconds(other) - cpuSeconds(one)) / elapsedSeconds) * 100;
  };
  line('memory of all tasks and the agent (aim: at most 4096 MiB)', memory([...after.values()]));
  const control = Object.keys(controlLimits);
  const of = (usages: ReadonlyMap<string, Usage>, ids: readonly string[]) => ids.map((id) => usages.get(id)!);
  line('  Temporal, worker, Valkey, API (aim: at most 600 MiB)', memory(of(after, control)));
  const idle = used(of(before, control), of(after, control));
  line('  Temporal, worker, Valkey, API at rest (aim: at most 5 % of a core)', `${idle.toFixed(1)} %`);
  for (const id of [...control, agentId])
    line(`    ${id}`, `${memory(of(after, [id]))}, ${used(of(before, [id]), of(after, [id])).toFixed(1)} %`);
  line('  all, feed at 50 events/s', `${used([...before.values()], [...after.values()]).toFixed(0)} % of a core`);
}

/** What each task uses, and the agent. */
async function looked(): Promise<ReadonlyMap<string, Usage>> {
  const usages = new Map((await tasks()).flatMap(({ id, usage }) => (usage ? [[id, usage] as const] : [])));
  const agent = await agentOf(homeAt(home.path));
  const ofAgent = agent && usageReader(processTable())(agent.pid);
  const absent = Object.keys(controlLimits).filter((id) => !usages.has(id));
  if (!ofAgent || absent.length > 0)
    throw new Error(`of the control plane ${absent.join(', ') || 'the agent'} does not run`);
  return usages.set(agentId, ofAgent);
}
