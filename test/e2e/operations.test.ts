/** Scaling, restarting, stopping and starting a pipeline that runs: nothing that was acknowledged is lost, whoever dies. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TaskStatus } from '../../platform/cluster/driver.ts';
import { homeAt } from '../../platform/home.ts';
import type { ChangeResult, DeployResult } from '../../platform/model/operations.ts';
import { consequencesOf } from '../../platform/operate/consequences.ts';
import { listOperations } from '../../platform/operate/operations.ts';
import { createRecords } from '../../platform/records/records.ts';
import type { VerifyResult } from '../../platform/verify/verify.ts';
import { createTestHome } from './cli.ts';

const minutes = 60_000;
const pipeline = 'flight-delays';
const home = createTestHome(19_400);
let endpoints: Readonly<Record<string, string>>;

interface Status {
  readonly pipelines: readonly { readonly pipeline: string; readonly state: string }[];
  readonly tasks: readonly TaskStatus[];
}
const status = () => home.json<Status>('status');
const tasksOf = async (part: string) =>
  (await status()).tasks
    .filter(({ id }) => id.startsWith(`${pipeline}.${part}.`))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
const verify = (events: number) => home.json<VerifyResult>('verify', pipeline, '--events', String(events));

beforeAll(async () => {
  ({ endpoints } = await home.json<DeployResult>('deploy', pipeline, '--yes'));
}, 6 * minutes);
afterAll(async () => {
  await home.purge();
}, 2 * minutes);

/** Kills it as a crash would, as soon as it runs. */
async function killWorker(): Promise<void> {
  for (;;) {
    const worker = (await status()).tasks.find(({ id, phase }) => id === 'millrace.worker.0' && phase === 'running');
    if (worker?.pid) return void process.kill(worker.pid, 'SIGKILL');
    await sleep(100);
  }
}

test(
  'scale: one more instance of the API, and no other process is touched; then back',
  async () => {
    const before = (await status()).tasks;
    const scaled = await home.json<DeployResult>('scale', pipeline, 'api=3', '--yes');
    expect(scaled).toMatchObject({ state: 'flowing', revision: 2, endpoints });
    expect((await tasksOf('api')).map(({ phase }) => phase)).toEqual(['running', 'running', 'running']);
    const after = new Map((await status()).tasks.map((task) => [task.id, task.pid]));
    const touched = before.filter(({ id, pid }) => after.get(id) !== pid);
    expect(touched.map(({ id }) => id)).toEqual([]);
    await home.json('scale', pipeline, 'api=2', '--yes');
    expect((await tasksOf('api')).map(({ id }) => id)).toEqual([`${pipeline}.api.0`, `${pipeline}.api.1`]);
    const refused = await home.run('scale', pipeline, 'feed=2', '--yes', '--json');
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'UNKNOWN_SERVICE' } });
  },
  4 * minutes,
);

test(
  'restart under load: each task once, and every acknowledged event is read back, once',
  async () => {
    const pids = async () => new Map((await status()).tasks.map(({ id, pid }) => [id, pid]));
    const before = await pids();
    const verifying = verify(6000);
    const restarted = await home.json<ChangeResult>('restart', pipeline, 'sinks', '--yes');
    expect(restarted).toEqual({ pipeline, revision: 3, change: 'restart', tasks: [`${pipeline}.sinks.0`] });
    await home.json('restart', pipeline, 'api', '--yes');
    expect(await verifying).toMatchObject({ lost: 0, duplicated: 0 });
    const after = await pids();
    const changed = [...before].filter(([id, pid]) => after.get(id) !== pid).map(([id]) => id);
    expect(changed.toSorted()).toEqual([`${pipeline}.api.0`, `${pipeline}.api.1`, `${pipeline}.sinks.0`]);
  },
  5 * minutes,
);

test(
  'stop: nothing of it runs, its frameworks do, its data stays; start goes on from there, though the worker dies in both',
  async () => {
    await verify(500);
    const stopping = home.json<ChangeResult>('stop', pipeline, '--yes');
    await killWorker();
    await home.json('up');
    expect(await stopping).toMatchObject({ change: 'stop', revision: 3 });
    const { pipelines, tasks } = await status();
    expect(pipelines).toMatchObject([{ pipeline, state: 'stopped' }]);
    const own = tasks.filter(({ owner }) => owner.name === pipeline);
    expect(own.map(({ phase }) => phase)).toEqual(own.map(() => 'stopped'));
    expect(tasks.filter(({ owner }) => owner.kind === 'framework').map(({ phase }) => phase)).not.toContain('stopped');

    await home.json('up');
    expect((await status()).pipelines).toMatchObject([{ state: 'stopped' }]);

    const starting = home.json<ChangeResult>('start', pipeline);
    await sleep(1000);
    await killWorker();
    await home.json('up');
    expect(await starting).toMatchObject({ change: 'start', revision: 3 });
    expect((await status()).pipelines[0]?.state).not.toBe('stopped');
    expect(await verify(1000)).toMatchObject({ read: 1000, lost: 0, duplicated: 0 });
  },
  6 * minutes,
);

test('each operation is known with its steps and its end, and a change says before what it does', () => {
  const all = listOperations(homeAt(home.path), 50);
  expect(all.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
    ...['start done', 'stop done', 'restart done', 'restart done', 'scale done', 'scale done', 'deploy done'],
  ]);
  for (const { steps } of all) {
    expect(steps.filter(({ state }) => state !== 'done')).toEqual([]);
    expect(steps.length).toBeGreaterThan(0);
  }
  const record = createRecords(homeAt(home.path)).pipeline(pipeline)!;
  expect(consequencesOf(record, { change: 'destroy' }).lines.join('\n')).toMatch(/flights.*deleted/);
});
