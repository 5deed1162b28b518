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
let deliver: (event: AlertEvent) => Promise<void>;
let delivery: Delivery;

const urlOf = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'delivery-'));
  home = homeAt(root);
  [posted, jobs] = [[], []];
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
    return { start: () => {}, stop: async () => {}, add, hurry: async () => {}, waitingFor: () => undefined };
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

test('what was posted and could not be noted is noted later, not posted again; to another webhook it is', async () => {
  setWebhook(home, urlOf('a'));
  const event = alertEvent(store.tell(facts, true));
  const file = join(home.alertsDir, 'alerts.json');
  const whileUnwritable = async (act: () => Promise<void>) => {
    renameSync(file, `${file}.away`);
    mkdirSync(file);
    await expect(act()).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    rmdirSync(file);
    renameSync(`${file}.away`, file);
  };
  await whileUnwritable(() => deliver(event));
  await whileUnwritable(() => deliver(event));
  expect(posted).toHaveLength(1);
  setWebhook(home, urlOf('b'), Date.now() + hour);
  await whileUnwritable(() => deliver(event));
  expect(posted).toHaveLength(2);
  await deliver(event);
  expect(posted).toHaveLength(2);
  expect(store.find(facts.id)).toMatchObject({ delivery: 'delivered', told: { state: 'firing' } });
});
