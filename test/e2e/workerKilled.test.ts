/** The platform worker, Temporal, then the command itself are killed in the middle of a deploy: it ends well, and nothing is done twice. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import { readOperation } from '../../platform/activities/operationRecord.ts';
import type { Status } from '../../platform/cli/commands/status.ts';
import { homeAt, operationFile } from '../../platform/home.ts';
import { physical } from '../../platform/model/names.ts';
import type { OperationRecord } from '../../platform/model/operationRecord.ts';
import type { DeployResult, JournalEntry } from '../../platform/model/operations.ts';
import { listOperations } from '../../platform/operate/operations.ts';
import { withKafkaOf } from '../../platform/operate/recorded.ts';
import type { VerifyResult } from '../../platform/verify/verify.ts';
import { createTestHome, millrace } from './cli.ts';
import { kill9, pidsOf } from './kills.ts';
import { countStarts } from './starts.ts';
import { until } from './until.ts';

const minutes = 60_000;
const pipeline = 'flight-delays';
const home = createTestHome(16_800);
const at = homeAt(home.path);

afterAll(async () => {
  await home.purge();
}, 2 * minutes);

/** The newest operation, once it is of that revision. */
async function operationOf(revision: number): Promise<string> {
  return until(async () => {
    const [newest] = existsSync(at.operationsDir) ? listOperations(at, 1) : [];
    return newest?.revision === revision ? newest.id : undefined;
  });
}

function journalOf(operation: string): readonly JournalEntry[] {
  const lines = readFileSync(operationFile(at, operation), 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as JournalEntry);
}

async function untilStep(operation: string, step: string, state: JournalEntry['state']): Promise<void> {
  const isThere = (entry: JournalEntry) => entry.step === step && entry.state === state;
  while (!existsSync(operationFile(at, operation)) || !journalOf(operation).some(isThere)) await sleep(50);
}

/** Kills it as a crash would, in the middle of the operation: Temporal had not ended it before, nor had it after. */
async function killDuring(operation: string, task: string): Promise<void> {
  const pids = await pidsOf(home, [task]);
  expect((await home.json<Status>('status')).pipelines).toMatchObject([{ pipeline, state: 'deploying' }]);
  kill9(pids);
  expect(stateOf(operation)).toBe('running');
}

/** Ids of record types in Kafka's metadata, by metadata/src/main/resources/common/metadata/*.json of its sources. */
const [topicRecord, credentialRecord] = [2, 11];

/** How often the broker has recorded this of that name: frame version, type, record version, then the name with its length. */
function recordsInMetadata(type: number, name: string): number {
  const directory = join(at.dataDir, 'kafka.broker.0', 'log', '__cluster_metadata-0');
  const logs = readdirSync(directory).filter((file) => file.endsWith('.log'));
  const text = logs.map((file) => readFileSync(join(directory, file), 'latin1')).join('');
  return text.split(String.fromCharCode(1, type, 0, name.length + 1) + name).length - 1;
}

const stateOf = (operation: string): OperationRecord['state'] | undefined => readOperation(at, operation)?.state;

const verify = () => home.json<VerifyResult>('verify', pipeline, '--events', '1000');
const whole = { read: 1000, lost: 0, duplicated: 0, countMissing: 0 };

test(
  'a deploy survives kill -9 of the worker and of Temporal: no task is started twice, no topic made twice',
  async () => {
    const starts = countStarts(home);
    const deploying = home.json<DeployResult>('deploy', pipeline, '--yes');
    const settled = deploying.catch(() => undefined);
    const operation = await operationOf(1);
    await untilStep(operation, 'launch:kafka.broker.0', 'done');
    await killDuring(operation, 'millrace.worker.0');
    await untilStep(operation, 'topics', 'done');
    await killDuring(operation, 'millrace.temporal.0');
    await settled;
    expect(await deploying).toMatchObject({ state: 'flowing', revision: 1 });
    expect(stateOf(operation)).toBe('done');

    const { tasks } = await home.json<Status>('status');
    const twice = ['millrace.worker.0', 'millrace.temporal.0'];
    const expected = tasks.map(({ id }) => [id, twice.includes(id) ? 2 : 1]);
    expect(starts.end()).toEqual(Object.fromEntries(expected));
    const topics = await withKafkaOf({ home: at }, (admin) => admin.listTopics(`${pipeline}.`));
    expect(topics).toHaveLength(6);
    expect(topics.map((topic) => recordsInMetadata(topicRecord, topic))).toEqual(topics.map(() => 1));
    // A step that was tried again writes the same password again.
    const tries = journalOf(operation).filter(({ step, state }) => step === 'user:kafka' && state === 'started').length;
    const users = recordsInMetadata(credentialRecord, physical.user(pipeline));
    expect(users).toBeGreaterThanOrEqual(1);
    expect(users).toBeLessThanOrEqual(tries);
    expect(await verify()).toMatchObject(whole);
  },
  8 * minutes,
);

test(
  'a deploy goes on to its end when the command is killed with -9: each changed task is started once',
  async () => {
    const starts = countStarts(home);
    const args = ['deploy', pipeline, '--set', 'severeDelayMinutes=90', '--yes'];
    const command = spawn(millrace, args, { cwd: tmpdir(), env: home.env, stdio: 'ignore' });
    const gone = new Promise((resolve) => command.on('exit', (_code, signal) => resolve(signal)));
    const operation = await operationOf(2);
    await untilStep(operation, `launch:${pipeline}.spark-driver.0`, 'done');
    command.kill('SIGKILL');
    expect(stateOf(operation)).toBe('running');
    expect(await gone).toBe('SIGKILL');
    await until(async () => stateOf(operation) !== 'running' || undefined);
    expect(stateOf(operation)).toBe('done');
    await until(async () => {
      const [seen] = (await home.json<Status>('status')).pipelines;
      return (seen?.state === 'flowing' && seen.revision === 2) || undefined;
    });
    const { [`${pipeline}.spark-driver.0`]: driver, ...others } = starts.end();
    expect(driver).toBe(2);
    expect(Object.values(others).filter((count) => count > 2)).toEqual([]);
    expect(Object.entries(others).filter(([task, count]) => count > 1 && !task.startsWith(`${pipeline}.`))).toEqual([]);
    expect(await verify()).toMatchObject(whole);
  },
  5 * minutes,
);
