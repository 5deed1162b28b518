/** What is posted, and how often, to a real receiver from a real list on disk. The queue is in memory: Valkey's part is in test/conformance/jobs. */
import { mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { AlertFacts } from '../../../platform/api/contract/pipelines.ts';
import { type Home, homeAt } from '../../../platform/home.ts';
import type { AlertQueue } from '../../../platform/jobs/alertQueue.ts';
import { AlertStore } from '../../../platform/jobs/alertStore.ts';
import { type AlertEvent, alertEvent } from '../../../platform/jobs/deliver.ts';
import { Delivery } from '../../../platform/jobs/delivery.ts';
import { startReceiver } from '../../../platform/jobs/receiver.ts';
import { readWebhook, setWebhook, signingSecret } from '../../../platform/jobs/webhook.ts';

const facts: AlertFacts = {
  ...{ id: 'delays.fresh.page.abc', pipeline: 'delays', name: 'fresh', severity: 'page', text: 'late', next: 'look' },
  ...{ state: 'firing', sinceMs: 1, resolvedMs: null },
};
const hour = 3_600_000;

let root: string;
let home: Home;
let store: AlertStore;
let server: Server;
let posted: string[];
let jobs: AlertEvent[];
let hurried: AlertEvent[];
let deliver: (event: AlertEvent) => Promise<void>;
let delivery: Delivery;

const urlOf = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'delivery-'));
  home = homeAt(root);
  [posted, jobs, hurried] = [[], [], []];
  server = await startReceiver({
    ...{ port: 0, secret: () => signingSecret(home), now: Date.now, refused: () => {} },
    received: ({ event }) => posted.push(event.id),
  });
  store = new AlertStore(home, () => {});
  const options = { store, webhook: () => readWebhook(home), now: Date.now, log: () => {} };
  delivery = new Delivery(options, (handlers): AlertQueue => {
    deliver = handlers.deliver;
    const add = async (event: AlertEvent) => {
      jobs.push(event);
      return { state: 'waiting' } as const;
    };
    const hurry = async (event: AlertEvent) => void hurried.push(event);
    return { start: () => {}, stop: async () => {}, add, hurry, waitingFor: () => undefined };
  });
});
afterEach(async () => {
  await delivery.stop();
  server.closeAllConnections();
  server.close();
  rmSync(root, { recursive: true });
});

/** Looks and carries out what is queued, as often as anything is: ends after ten times. */
async function settle() {
  for (let at = 0; at < 10; at++) {
    delivery.kick();
    await delivery.stop();
    for (const job of jobs.splice(0)) await deliver(job);
  }
}

test('a webhook that was set before the clock was set back is told once', async () => {
  setWebhook(home, urlOf('a'), Date.now() + hour);
  store.tell(facts, true);
  await settle();
  expect(posted).toEqual(['delays.fresh.page.abc.firing']);
  expect(store.find(facts.id)).toMatchObject({ delivery: 'delivered', rounds: 1 });
  setWebhook(home, urlOf('b'), Date.now() + 2 * hour);
  await settle();
  expect(posted).toHaveLength(2);
});

/** As on a full disk: the list is as it was, and takes nothing. */
async function whileUnwritable(act: () => Promise<void>) {
  const file = join(home.alertsDir, 'alerts.json');
  renameSync(file, `${file}.away`);
  mkdirSync(file);
  await act();
  rmdirSync(file);
  renameSync(`${file}.away`, file);
}

test('a refusal that can not be noted is followed by the pauses of the queue, not by one attempt after the other', async () => {
  setWebhook(home, urlOf('a'), Date.now() - hour);
  const alert = store.tell(facts, true);
  // Refused before the webhook was set as it is now: the next attempt is promising, once.
  store.refused(alert, 'no answer', Date.now() - 2 * hour);
  const look = async () => {
    delivery.kick();
    await delivery.stop();
  };
  await look();
  expect(hurried).toHaveLength(1);
  const other = urlOf('b');
  await new Promise((resolve) => server.close(resolve));
  await whileUnwritable(async () => {
    await expect(deliver(alertEvent(alert))).rejects.toThrow(/connect|fetch|refused/i);
    for (let looks = 0; looks < 3; looks++) await look();
  });
  expect(hurried).toHaveLength(1);
  // The webhook that is set anew is promising again.
  setWebhook(home, other, Date.now() + 1);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await look();
  expect(hurried).toHaveLength(2);
});

test('what was posted and could not be noted is noted later, not posted again; to another webhook it is', async () => {
  setWebhook(home, urlOf('a'));
  const event = alertEvent(store.tell(facts, true));
  const unnoted = () =>
    whileUnwritable(async () => {
      await expect(deliver(event)).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    });
  await unnoted();
  await unnoted();
  expect(posted).toHaveLength(1);
  setWebhook(home, urlOf('b'), Date.now() + hour);
  await unnoted();
  expect(posted).toHaveLength(2);
  await deliver(event);
  expect(posted).toHaveLength(2);
  expect(store.find(facts.id)).toMatchObject({ delivery: 'delivered', told: { state: 'firing' } });
});
