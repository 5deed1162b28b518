/**
 * `npm run bench`: deploys flight-delays in a home of its own and prints what it cost, as ratios of one run. Wall times of a
 * shared machine are noisy; the CPU seconds of the servers in this very run are the measure.
 *
 * The bound of a deploy here is ΣCPU / cores: what all tasks together had used when the first event was read, spread over all
 * cores without a gap. It does not boot the servers bare beside it, so it can't see work that a bare boot would not do.
 */
import { availableParallelism } from 'node:os';
import type { TaskStatus } from '../../platform/cluster/driver.ts';
import type { DeployResult } from '../../platform/model/operations.ts';
import type { VerifyResult } from '../../platform/verify/verify.ts';
import { createTestHome } from '../e2e/cli.ts';

const home = createTestHome(17_400);
const control = new Set(['millrace.temporal.0', 'millrace.worker.0', 'redis.server.0']);
const tasks = async () => (await home.json<{ tasks: TaskStatus[] }>('status')).tasks;
const sum = (all: readonly TaskStatus[], pick: (usage: NonNullable<TaskStatus['usage']>) => number) =>
  all.reduce((total, { usage }) => total + (usage ? pick(usage) : 0), 0);
const line = (name: string, value: string) => console.log(`${name.padEnd(56)} ${value}`);

try {
  // The first deploy of a cache makes class-data archives and compiles; it is not what is measured.
  await home.json('up');
  await home.run('down', '--json');
  const first = await home.json<DeployResult>('deploy', 'flight-delays', '--yes');
  const cpuSeconds = sum(await tasks(), (usage) => usage.cpuSeconds);
  const boundMs = (cpuSeconds / availableParallelism()) * 1000;
  line('deploy, nothing running → first event read', `${(first.firstEventMs / 1000).toFixed(1)} s`);
  line('  CPU of all tasks by then, and ΣCPU / cores', `${cpuSeconds.toFixed(1)} s, ${(boundMs / 1000).toFixed(1)} s`);
  line('  ratio (aim: at most 1.25)', (first.firstEventMs / boundMs).toFixed(2));
  const second = await home.json<DeployResult>('deploy', 'flight-delays', '--yes');
  line('second deploy, frameworks up (aim: at most 10 s)', `${(second.firstEventMs / 1000).toFixed(1)} s`);
  const verify = await home.json<VerifyResult>('verify', 'flight-delays', '--events', '5000', '--rate', '500');
  const { latencyMs: latency } = verify;
  line('ingress → API at 500 events/s (aim: p50 250, p99 1000)', `p50 ${latency?.p50} ms, p99 ${latency?.p99} ms`);
  line('  lost, duplicated', `${verify.lost}, ${verify.duplicated}`);
  await new Promise((resolve) => setTimeout(resolve, 15_000));
  const [before, startMs] = [await tasks(), Date.now()];
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  const [after, elapsedSeconds] = [await tasks(), (Date.now() - startMs) / 1000];
  const ofControl = (all: readonly TaskStatus[]) => all.filter(({ id }) => control.has(id));
  line('memory of all tasks (aim: at most 4096 MiB)', `${Math.round(sum(after, (usage) => usage.memoryMiB))} MiB`);
  line(
    '  Temporal, worker, Redis (aim: at most 600 MiB)',
    `${Math.round(sum(ofControl(after), (usage) => usage.memoryMiB))} MiB`,
  );
  const used = (all: (list: readonly TaskStatus[]) => readonly TaskStatus[]) =>
    ((sum(all(after), (u) => u.cpuSeconds) - sum(all(before), (u) => u.cpuSeconds)) / elapsedSeconds) * 100;
  line('  Temporal, worker, Redis at rest (aim: at most 5 % of a core)', `${used(ofControl).toFixed(1)} %`);
  line('  all tasks, feed at 50 events/s', `${used((list) => list).toFixed(0)} % of a core`);
} finally {
  await home.purge();
}
