/** What a webhook did not take, or was not there for, is told later, and once: on a real Valkey to a real receiver, whoever is killed. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { readAlerts } from '../../../platform/jobs/alertFile.ts';
import { setWebhook } from '../../../platform/jobs/webhook.ts';
import { AlertRoom, type Talker } from './alertRoom.ts';

jest.setTimeout(90_000);

const room = new AlertRoom(12_620);
const url = `http://127.0.0.1:${room.webhookPort}/hooks/secret-path`;
const current = (id: unknown) => readAlerts(room.home).find((alert) => alert.id === id);
const toldOf = (receiver: Talker, event: string) => receiver.lines.filter(({ id }) => id === event).length;

beforeAll(async () => {
  mkdirSync(join(room.root, 'valkey'), { recursive: true });
  await room.startValkey();
});
beforeEach(() => setWebhook(room.home, url));
afterEach(() => room.endTalkers());
afterAll(() => room.remove());

/** Alerting with an alert that fires; how it is told is the caller's. */
async function firing(env: Readonly<Record<string, string>> = {}) {
  const alerting = await room.startAlerting(env);
  alerting.say('stuck');
  const { id } = await alerting.until(({ state }) => state === 'firing');
  return { alerting, id: String(id) };
}

/** An alert that a receiver has refused as often as it is tried; the receiver is gone. */
async function givenUp(env: Readonly<Record<string, string>> = {}) {
  const refusing = await room.startReceiver('refuse');
  const begun = await firing({ ALERT_ATTEMPTS: '2', ...env });
  await begun.alerting.until(({ id, delivery }) => id === begun.id && delivery === 'failed');
  await refusing.kill();
  return begun;
}

/** Then what is told of it ends with its end, and once each. */
async function endsTold(alerting: Talker, taking: Talker, id: string) {
  await alerting.until((line) => line.id === id && line.state === 'firing' && line.delivery === 'delivered');
  alerting.say('good');
  await alerting.until((line) => line.id === id && line.state === 'resolved' && line.delivery === 'delivered');
  expect([toldOf(taking, `${id}.firing`), toldOf(taking, `${id}.resolved`)]).toEqual([1, 1]);
  expect(current(id)).toMatchObject({ refusal: null, told: { state: 'resolved', atMs: expect.any(Number) } });
}

test('what fired before there was a webhook is told when one is set', async () => {
  setWebhook(room.home, 'none');
  const { alerting, id } = await firing();
  const taking = await room.startReceiver('take');
  expect(current(id)).toMatchObject({ delivery: null, rounds: 0, told: null });
  setWebhook(room.home, url);
  await taking.until((line) => line.id === `${id}.firing`);
  await endsTold(alerting, taking, id);
});

test('what was given up says what the receiver answered, and is told when the same webhook is set again', async () => {
  const { alerting, id } = await givenUp();
  expect(current(id)).toMatchObject({
    delivery: 'failed',
    refusal: { reason: `http://127.0.0.1:${room.webhookPort}/… answered 500`, atMs: expect.any(Number) },
    ...{ rounds: 1, told: null },
  });
  const taking = await room.startReceiver('take');
  setWebhook(room.home, url);
  await taking.until((line) => line.id === `${id}.firing`);
  expect(current(id)!.rounds).toBe(2);
  await endsTold(alerting, taking, id);
});

test('it is told after a restart, too, when the webhook takes another alert', async () => {
  const { alerting: first, id } = await givenUp();
  await first.kill();
  const taking = await room.startReceiver('take');
  const alerting = await room.startAlerting();
  alerting.say('stuck others');
  await taking.until((line) => String(line.id).startsWith('others.'));
  await taking.until((line) => line.id === `${id}.firing`);
  alerting.say('good others');
  await endsTold(alerting, taking, id);
});

test('nobody has to do anything: it is tried again after a while', async () => {
  const { alerting, id } = await givenUp({ ALERT_AGAIN_MS: '300' });
  const taking = await room.startReceiver('take');
  await taking.until((line) => line.id === `${id}.firing`);
  await endsTold(alerting, taking, id);
});

test('what waits an hour for its next attempt is tried at once when the webhook is set again', async () => {
  const refusing = await room.startReceiver('refuse');
  const { alerting, id } = await firing({ ALERT_FIRST_MS: '3600000' });
  await alerting.until((line) => line.id === id && line.refusal !== null);
  expect(current(id)).toMatchObject({
    delivery: 'queued',
    refusal: { reason: expect.stringMatching(/answered 500$/) },
  });
  await refusing.kill();
  const taking = await room.startReceiver('take');
  setWebhook(room.home, url);
  await taking.until((line) => line.id === `${id}.firing`);
  expect(current(id)!.rounds).toBe(1);
  await endsTold(alerting, taking, id);
});

test('an end for which there was no webhook is told to the one that comes, if the beginning was', async () => {
  const taking = await room.startReceiver('take');
  const { alerting, id } = await firing();
  await alerting.until((line) => line.id === id && line.delivery === 'delivered');
  setWebhook(room.home, 'none');
  alerting.say('good');
  await alerting.until((line) => line.id === id && line.state === 'resolved');
  expect(current(id)).toMatchObject({ delivery: null, told: { state: 'firing' } });
  setWebhook(room.home, url);
  await taking.until((line) => line.id === `${id}.resolved`);
});

test('what fires and was told is told to another webhook, but not to the same one again', async () => {
  const taking = await room.startReceiver('take');
  const { alerting, id } = await firing();
  await alerting.until((line) => line.id === id && line.delivery === 'delivered');
  setWebhook(room.home, url);
  setWebhook(room.home, `${url}/of-another-team`);
  const again = await taking.until((line) => line.id === `${id}.firing` && line.isRepeated === true);
  expect(again).toMatchObject({ data: { id, state: 'firing' } });
  await alerting.until((line) => line.id === id && line.rounds === 2 && line.delivery === 'delivered');
  expect(toldOf(taking, `${id}.firing`)).toBe(2);
  alerting.say('good');
  await alerting.until((line) => line.id === id && line.state === 'resolved' && line.delivery === 'delivered');
});

type Line = Readonly<Record<string, unknown>>;
/** Where on its way an alert is when everything is killed. */
const moments: readonly (readonly [string, (line: Line) => boolean])[] = [
  ['refused, and to be tried again', ({ delivery, refusal }) => delivery === 'queued' && refusal !== null],
  ['given up', ({ delivery }) => delivery === 'failed'],
  [
    'in a new round, not in the queue yet',
    ({ delivery, refusal, rounds }) => delivery === 'queued' && refusal !== null && Number(rounds) > 1,
  ],
];

test.each(moments)('alerting and Valkey are killed when it is %s: it is told, once', async (_, isThen) => {
  const refusing = await room.startReceiver('refuse');
  const env = { ALERT_ATTEMPTS: '2', ALERT_AGAIN_MS: '100' };
  const { alerting: first, id } = await firing(env);
  await first.until((line) => line.id === id && isThen(line));
  await Promise.all([room.killValkey(), first.kill()]);
  expect(toldOf(refusing, `${id}.firing`)).toBeGreaterThan(0);
  expect(current(id)).toMatchObject({ state: 'firing', told: null });
  await refusing.kill();
  await room.startValkey();
  const taking = await room.startReceiver('take');
  const alerting = await room.startAlerting(env);
  await taking.until((line) => line.id === `${id}.firing`);
  await endsTold(alerting, taking, id);
});
