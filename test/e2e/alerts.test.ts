/**
 * An alert of a whole deploy: its flow is broken for real, nobody takes the alert, the API and the control plane's Valkey are
 * killed with it in hand; the receiver comes and is told, and told of the end once the flow is mended. Nothing is asserted of times.
 */
import type { Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Alert } from '../../platform/api/contract/pipelines.ts';
import type { AlertList } from '../../platform/cli/commands/alerts.ts';
import type { TaskStatus } from '../../platform/cluster/driver.ts';
import { homeAt } from '../../platform/home.ts';
import { type Received, startReceiver } from '../../platform/jobs/receiver.ts';
import { signingSecret } from '../../platform/jobs/webhook.ts';
import { apiTask, redisTask } from '../../platform/model/controlPlane.ts';
import type { PipelineLedger } from '../../platform/observe/ledger.ts';
import { createTestHome } from './cli.ts';
import { until } from './until.ts';

const minutes = 60_000;
const pipeline = 'flight-delays';
const home = createTestHome(19_800);
const receiverPort = 19_790;
const webhook = `http://127.0.0.1:${receiverPort}/hooks/of-a-team`;
const received: Received[] = [];
const refused: string[] = [];
let receiver: Server | undefined;

beforeAll(async () => {
  // Nobody listens there yet.
  await home.json('up', '--alert-webhook', webhook);
  await home.json('deploy', pipeline, '--yes');
}, 8 * minutes);
afterAll(async () => {
  receiver?.closeAllConnections();
  receiver?.close();
  const { stdout } = await home.purge();
  expect(JSON.parse(stdout).ledger.left).toEqual([]);
}, 2 * minutes);

const listed = () => home.json<AlertList>('alerts', pipeline);
async function pidOf(id: string): Promise<number> {
  return await until(async () => {
    const { tasks } = await home.json<{ tasks: readonly TaskStatus[] }>('status');
    return tasks.find((task) => task.id === id)?.pid ?? undefined;
  });
}
/** The page about the objective that the broken flow breaks. */
const untilAlert = (isThere: (alert: Alert) => boolean) =>
  until(async () => (await listed()).alerts.find((alert) => alert.name === 'alerts-fresh' && isThere(alert)));
const untilReceived = (id: string) => until(async () => received.find(({ event }) => event.id === id));

test(
  'a flow that hangs burns its budget; the alert survives the API and Valkey, and reaches a receiver that comes late, and so does its end',
  async () => {
    expect(await listed()).toMatchObject({ webhook: `http://127.0.0.1:${receiverPort}/…`, alerts: [] });
    const sinks = await pidOf(`${pipeline}.sinks.0`);
    process.kill(sinks, 'SIGSTOP');
    let alert: Alert;
    try {
      alert = await untilAlert(({ refusal }) => refusal !== null);
      expect(alert).toMatchObject({ severity: 'page', state: 'firing', resolvedMs: null, told: null });
      expect(alert.refusal!.reason).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/… can not be reached: .*ECONNREFUSED/);
      const killed = await Promise.all([apiTask, redisTask].map(pidOf));
      for (const pid of killed) process.kill(pid, 'SIGKILL');
      receiver = await startReceiver({
        ...{ port: receiverPort, secret: () => signingSecret(homeAt(home.path)), now: Date.now },
        received: (each) => received.push(each),
        refused: (reason) => refused.push(reason),
      });
      await home.json('up', '--alert-webhook', webhook);
      const { event } = await untilReceived(`${alert.id}.firing`);
      expect(event.data).toMatchObject({
        id: alert.id,
        pipeline,
        name: 'alerts-fresh',
        severity: 'page',
        state: 'firing',
      });
      await untilAlert(({ id, state, delivery }) => id === alert.id && state === 'firing' && delivery === 'delivered');
      for (const [at, task] of [apiTask, redisTask].entries()) expect(await pidOf(task)).not.toBe(killed[at]);
    } finally {
      process.kill(sinks, 'SIGCONT');
    }
    const { event } = await untilReceived(`${alert.id}.resolved`);
    expect(event.data).toMatchObject({ state: 'resolved', resolvedMs: expect.any(Number), next: 'Nothing.' });
    const over = await untilAlert(({ id, delivery }) => id === alert.id && delivery === 'delivered');
    expect(over).toMatchObject({ state: 'resolved', refusal: null, told: { state: 'resolved' } });
    expect(refused).toEqual([]);
    const ids = received.filter(({ isRepeated }) => !isRepeated).map(({ event: { id } }) => id);
    expect(ids.indexOf(`${alert.id}.firing`)).toBeLessThan(ids.indexOf(`${alert.id}.resolved`));
  },
  12 * minutes,
);

test(
  'the flow has lost nothing by all that',
  async () => {
    // Of what came in while the sinks hung, too.
    const before = Date.now();
    const ledger = await until(async () => {
      const found = await home.json<PipelineLedger>('ledger', pipeline);
      const earlier = found.windows.filter(({ originMs }) => originMs < before);
      return earlier.length > 0 && earlier.every(({ state }) => state === 'balanced') ? found : undefined;
    });
    expect(ledger).toMatchObject({ lost: 0, duplicated: 0 });
  },
  2 * minutes,
);
