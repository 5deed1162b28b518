/** Pipelines that share their frameworks: one that fails, is destroyed or comes back takes nothing from another. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Status } from '../../platform/cli/commands/status.ts';
import { exitCodes } from '../../platform/errors.ts';
import { homeAt, operationFile } from '../../platform/home.ts';
import type { DeployResult, DestroyResult } from '../../platform/model/operations.ts';
import type { Plan } from '../../platform/model/plan.ts';
import { listOperations } from '../../platform/operate/operations.ts';
import { withKafkaOf } from '../../platform/operate/recorded.ts';
import type { VerifyResult } from '../../platform/verify/verify.ts';
import { createTestHome } from './cli.ts';
import { until } from './until.ts';

const minutes = 60_000;
const [first, second, third] = ['flight-delays', 'second', 'third'];
const home = createTestHome(20_400);

const status = () => home.json<Status>('status');
const deploy = (name: string) => home.json<DeployResult>('deploy', 'flight-delays', '--name', name, '--yes');
const verify = (name: string) => home.json<VerifyResult>('verify', name, '--events', '500');
const whole = { sent: 500, read: 500, lost: 0, duplicated: 0, countMissing: 0 };
const topics = () => withKafkaOf({ home: homeAt(home.path) }, (admin) => admin.listTopics(''));
const topicsOf = async (name: string) => (await topics()).filter((topic) => topic.startsWith(`${name}.`));

/** Process ids of what belongs to this one: a pipeline, or every framework. */
async function pidsOf(owner: string): Promise<Readonly<Record<string, number | null>>> {
  const { tasks } = await status();
  const own = tasks.filter(({ owner: { kind, name } }) => (owner === 'framework' ? kind === owner : name === owner));
  return Object.fromEntries(own.map(({ id, pid }) => [id, pid]));
}

/** Until every pipeline of these, and no other, is there and flows. */
const untilFlowing = (...names: readonly string[]) =>
  until(async () => {
    const { pipelines } = await status();
    expect(pipelines.map(({ pipeline }) => pipeline).sort()).toEqual([...names].sort());
    return pipelines.every(({ state, waitsFor }) => state === 'flowing' && waitsFor.length === 0) || undefined;
  });

const usersOfFrameworks = async () => (await status()).frameworks.map(({ users }) => users);

beforeAll(async () => {
  await deploy(first);
}, 8 * minutes);

afterAll(async () => {
  await home.purge();
}, 2 * minutes);

test(
  'one whose deploy fails on the way is gone with all that it made, and takes nothing from the other',
  async () => {
    const { placements } = await home.json<Plan>('plan', 'flight-delays', '--name', third);
    const { address, ports } = placements.find(({ task }) => task === `${third}.feed.0`)!;
    const before = [await pidsOf('framework'), await pidsOf(first)];
    const others = await topics();
    const deploying = home.run('deploy', 'flight-delays', '--name', third, '--yes', '--json');
    while (!existsSync(join(home.path, 'pipelines', third, 'pipeline.json'))) await sleep(20);
    // Of its last tasks one finds its port taken: topics, tables and users are made by then.
    const intruder = createServer().listen(ports.health!, address);
    try {
      expect(JSON.parse((await deploying).stdout)).toMatchObject({ error: { code: 'PORT_TAKEN' } });
    } finally {
      intruder.close();
    }
    const [operation] = listOperations(homeAt(home.path), 50).filter(({ pipeline }) => pipeline === third);
    const journal = readFileSync(operationFile(homeAt(home.path), operation!.id), 'utf8');
    // Its own were there, and it was they that were undone.
    expect(journal).toContain('"step":"undo:kafka.topics.remove:');
    expect(await topics()).toEqual(others);
    expect([await pidsOf('framework'), await pidsOf(first)]).toEqual(before);
    expect(Object.keys(await pidsOf(third))).toEqual([]);
    expect(await usersOfFrameworks()).toEqual((await status()).frameworks.map(() => [first]));
    await untilFlowing(first);
    expect(await verify(first)).toMatchObject(whole);
  },
  6 * minutes,
);

test(
  'a second pipeline of the blueprint uses the processes of the first, and restarts none',
  async () => {
    const before = { frameworks: await pidsOf('framework'), first: await pidsOf(first) };
    const deployed = await deploy(second);
    expect(deployed).toMatchObject({ pipeline: second, revision: 1, state: 'flowing' });
    expect(Object.values(before.frameworks)).not.toContain(null);
    expect({ frameworks: await pidsOf('framework'), first: await pidsOf(first) }).toEqual(before);
    expect(await usersOfFrameworks()).toEqual((await status()).frameworks.map(() => [first, second]));
  },
  6 * minutes,
);

test(
  'a third for which Spark has no room is refused before anything is made, and told who holds it; the two flow on',
  async () => {
    const before = [await pidsOf('framework'), await pidsOf(first), await pidsOf(second), await topics()];
    const { code, stdout } = await home.run('deploy', 'flight-delays', '--name', third, '--yes', '--json');
    expect(code).toBe(exitCodes.refused);
    const { error } = JSON.parse(stdout);
    expect(error).toMatchObject({ code: 'PLAN_REFUSED' });
    expect(error.meaning).toContain(`executors: ask 1, 0 of 2 free: ${first} holds 1, ${second} holds 1`);
    expect([await pidsOf('framework'), await pidsOf(first), await pidsOf(second), await topics()]).toEqual(before);
    await untilFlowing(first, second);
    expect(await Promise.all([verify(first), verify(second)])).toMatchObject([whole, whole]);
  },
  4 * minutes,
);

test(
  'destroying one removes what is its own; the other flows on, on the same processes',
  async () => {
    const before = [await pidsOf('framework'), await pidsOf(first)];
    const { ledger } = await home.json<DestroyResult>('destroy', second, '--yes');
    expect(ledger.left).toEqual([]);
    expect(new Set(ledger.removed.map(({ owner }) => owner.replace(/^pipeline /, '')))).toEqual(new Set([second]));
    expect([await topicsOf(second), (await topicsOf(first)).length]).toEqual([[], 6]);
    expect([await pidsOf('framework'), await pidsOf(first)]).toEqual(before);
    expect(await usersOfFrameworks()).toEqual((await status()).frameworks.map(() => [first]));
    const { stdout } = await home.run('status');
    expect(stdout.match(/used by .*/g)?.map((line) => line.trim())).toEqual(
      (await status()).frameworks.map(() => `used by ${first}`),
    );
    await untilFlowing(first);
    expect(await verify(first)).toMatchObject(whole);
  },
  4 * minutes,
);

test(
  'what is destroyed with its data kept has it again when it is deployed, and after down and up, too',
  async () => {
    const { mark } = await verify(first);
    const again = () => home.json<VerifyResult>('verify', first, '--again', mark);
    const { ledger } = await home.json<DestroyResult>('destroy', first, '--keep-data', '--yes');
    expect(ledger.left).toEqual([]);
    expect(ledger.removed.map(({ kind }) => kind)).not.toContain('topic');
    expect(await topicsOf(first)).toHaveLength(6);
    await deploy(first);
    expect(await again()).toMatchObject(whole);
    await home.json('down');
    await home.json('up');
    await untilFlowing(first);
    expect(await again()).toMatchObject(whole);
    expect(await verify(first)).toMatchObject(whole);
  },
  8 * minutes,
);
