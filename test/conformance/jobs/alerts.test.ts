/** Alerts on a real Valkey to a real receiver, with SIGKILL of each in between: delivered once under one id, or given up in sight. */
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { Queue } from 'bullmq';
import { connectRedis, redisOptions } from '../../../platform/connectors/redis/connection.ts';
import { readAlerts } from '../../../platform/jobs/alertFile.ts';
import { alertQueueName } from '../../../platform/jobs/alertQueue.ts';
import { setWebhook } from '../../../platform/jobs/webhook.ts';
import { AlertRoom, type Talker } from './alertRoom.ts';

jest.setTimeout(90_000);

const room = new AlertRoom(12_600);
const running: Talker[] = [];
const kept = async (started: Promise<Talker>) => {
  const talker = await started;
  running.push(talker);
  return talker;
};
const alerting = (env?: Readonly<Record<string, string>>) => kept(room.startAlerting(env));
const receiver = (mode: 'take' | 'hang' | 'refuse') => kept(room.startReceiver(mode));

beforeAll(async () => {
  setWebhook(room.home, `http://127.0.0.1:${room.webhookPort}/hooks/secret-path`);
  mkdirSync(join(room.root, 'valkey'), { recursive: true });
  await room.startValkey();
});
afterEach(async () => {
  for (const talker of running.splice(0)) await talker.kill();
});
afterAll(() => room.remove());

const isFiring = ({ state, delivery }: Readonly<Record<string, unknown>>) =>
  state === 'firing' && delivery === 'queued';
const current = (id: unknown) => readAlerts(room.home).find((alert) => alert.id === id);
const untilQueued = async (id: string) => {
  const queue = new Queue(alertQueueName, { connection: { ...redisOptions(room.access()), lazyConnect: false } });
  queue.on('error', () => undefined);
  await queue.waitUntilReady();
  while ((await queue.getJob(id)) === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
  await queue.close();
};

test('alerting, Valkey and receiver are all killed with an alert in the queue; it is delivered once they are back', async () => {
  const first = await alerting();
  const hanging = await receiver('hang');
  first.say('stuck');
  const { id } = await first.until(isFiring);
  // In the middle of an attempt: the receiver has it and has not answered.
  await hanging.until((line) => line.id === `${id}.firing`);
  await untilQueued(`${id}.firing`);
  await first.kill();
  await room.killValkey();
  await hanging.kill();
  expect(current(id)).toMatchObject({ state: 'firing', delivery: 'queued' });
  await room.startValkey();
  const taking = await receiver('take');
  const second = await alerting();
  expect(await taking.until((line) => line.id === `${id}.firing`)).toMatchObject({
    isRepeated: false,
    data: {
      pipeline: 'delays',
      name: 'fresh',
      severity: 'page',
      state: 'firing',
      next: expect.stringMatching(/millrace lag delays/),
    },
  });
  await second.until((line) => line.id === id && line.delivery === 'delivered');
  expect(current(id)).toMatchObject({ state: 'firing', delivery: 'delivered' });
  second.say('good');
  await taking.until((line) => line.id === `${id}.resolved`);
  await second.until((line) => line.state === 'resolved' && line.delivery === 'delivered');
  expect(taking.lines.filter((line) => 'id' in line)).toHaveLength(2);
});

test('with Valkey away an alert waits on disk, over a kill of its process, too', async () => {
  await room.killValkey();
  const first = await alerting();
  const taking = await receiver('take');
  first.say('stuck');
  const { id } = await first.until(isFiring);
  expect((await first.until((line) => line.looked === 'stuck')).waitingFor).toMatch(/^Valkey: /);
  await first.kill();
  const second = await alerting();
  await room.startValkey();
  await taking.until((line) => line.id === `${id}.firing`);
  await second.until((line) => line.id === id && line.delivery === 'delivered');
  second.say('good');
  await taking.until((line) => line.id === `${id}.resolved`);
});

test('a receiver that refuses is given up in sight, and not asked again after a restart', async () => {
  const refusing = await receiver('refuse');
  const first = await alerting({ ALERT_ATTEMPTS: '3' });
  first.say('stuck');
  const { id } = await first.until(isFiring);
  await first.until((line) => line.id === id && line.delivery === 'failed');
  const asked = () => refusing.lines.filter((line) => line.id === `${id}.firing`).length;
  expect(asked()).toBe(3);
  await first.kill();
  const second = await alerting({ ALERT_ATTEMPTS: '3' });
  second.say('good');
  await second.until((line) => line.state === 'resolved' && line.delivery === 'failed');
  expect(asked()).toBe(3);
});

test('that an alert began is no news once its end was told', async () => {
  const refusing = await receiver('refuse');
  const first = await alerting();
  first.say('stuck');
  const { id } = await first.until(isFiring);
  await refusing.until((line) => line.id === `${id}.firing`);
  first.say('good');
  await refusing.until((line) => line.id === `${id}.resolved`);
  await refusing.kill();
  const taking = await receiver('take');
  await taking.until((line) => line.id === `${id}.resolved`);
  await first.until((line) => line.state === 'resolved' && line.delivery === 'delivered');
  const told = taking.lines.map(({ id: event }) => event).filter((event) => event !== undefined);
  // It may have come before its end; never after it.
  expect(told.lastIndexOf(`${id}.firing`)).toBeLessThan(told.indexOf(`${id}.resolved`));
});

test('Valkey asks for its password, listens on loopback and shows no secret to other users', async () => {
  await expect(connectRedis({ ...room.access(), password: 'wrong' })).rejects.toMatchObject({ code: 'WRONG_IDENTITY' });
  const redis = await connectRedis(room.access());
  expect(await redis.config('GET', 'maxmemory-policy').catch((error: Error) => error.message)).toMatch(/NOPERM/);
  redis.disconnect();
  const files = ['conf/valkey.conf', 'conf/users.acl'].map((file) =>
    join(room.root, 'valkey', 'millrace.redis.0', file),
  );
  expect(files.map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600]);
  expect(readFileSync(files[0]!, 'utf8')).toMatch(
    /bind 127\.0\.0\.1\n[\s\S]*noeviction\nappendonly yes\nappendfsync always/,
  );
  expect(readFileSync(files[1]!, 'utf8')).not.toContain(room.access().password);
});

test('a Valkey of another home is refused by name', async () => {
  await room.killValkey();
  await room.startValkey((name) => `another-${name}`);
  const first = await alerting();
  first.say('stuck');
  await first.until((line) => line.looked === 'stuck');
  for (;;) {
    first.say('good');
    const { waitingFor } = first.lines.at(-1)!;
    if (/is not ours|WRONGPASS/.test(String(waitingFor))) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});
