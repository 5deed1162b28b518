/** The conservation ledger of a real pipeline: it balances, and one event lost on purpose is named with its stage and window. */

import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { PlatformEvent } from '../../platform/api/contract/control.ts';
import type { Acknowledged } from '../../platform/api/contract/pipelines.ts';
import { createProcessDriver } from '../../platform/cluster/process/driver.ts';
import { exitCodes } from '../../platform/errors.ts';
import { homeAt } from '../../platform/home.ts';
import { apiTask } from '../../platform/model/controlPlane.ts';
import type { DeployResult } from '../../platform/model/operations.ts';
import type { LagReport } from '../../platform/observe/lag.ts';
import type { PipelineLedger } from '../../platform/observe/ledger.ts';
import { confirmMs } from '../../platform/observe/watch/books.ts';
import { createWatcher } from '../../platform/observe/watch/createWatcher.ts';
import type { WatchEvent, Watcher } from '../../platform/observe/watcher.ts';
import { createRecords } from '../../platform/records/records.ts';
import { createSecrets } from '../../platform/secrets/secrets.ts';
import { windowMs } from '../../platform/telemetry/conservation/cell.ts';
import { eventHash } from '../../platform/telemetry/conservation/tally.ts';
import type { VerifyResult } from '../../platform/verify/verify.ts';
import { createTestHome } from './cli.ts';

const minutes = 60_000;
const home = createTestHome(18_600);
const ledger = async () => JSON.parse((await home.run('ledger', 'flight-delays', '--json')).stdout) as PipelineLedger;

beforeAll(async () => {
  await home.json<DeployResult>('deploy', 'flight-delays', '--yes');
}, 8 * minutes);
afterAll(async () => {
  await home.purge();
}, 2 * minutes);

/** Asks until every window that began before now is judged. */
async function settled(): Promise<PipelineLedger> {
  const untilMs = Date.now();
  for (;;) {
    const found = await ledger();
    const earlier = found.windows.filter(({ originMs }) => originMs < untilMs);
    if (earlier.length > 0 && earlier.every(({ state }) => state !== 'in-flight' && state !== 'unknown')) {
      return { ...found, windows: earlier };
    }
    await sleep(2000);
  }
}

test(
  'every window balances, from the ingress through Spark to each store, also when the sinks are killed',
  async () => {
    const verifying = home.json<VerifyResult>('verify', 'flight-delays', '--events', '4000', '--rate', '400');
    await sleep(3000);
    const { tasks } = await home.json<{ tasks: { id: string; pid: number }[] }>('status');
    process.kill(tasks.find(({ id }) => id === 'flight-delays.sinks.0')!.pid, 'SIGKILL');
    expect(await verifying).toMatchObject({ lost: 0, duplicated: 0 });
    const found = await settled();
    expect(found.windows.filter(({ state }) => state !== 'balanced')).toEqual([]);
    expect(found).toMatchObject({ lost: 0, duplicated: 0, faults: [] });
    const names = new Set(found.windows.flatMap(({ stages }) => stages.map(({ name }) => name)));
    for (const stage of ['ingress', 'severe-delays', 'airport-delays', 'store-flights', 'store-severe', 'board'])
      expect(names).toContain(stage);
    const lag = await home.json<LagReport>('lag', 'flight-delays');
    expect(lag.hops.find(({ hop }) => hop === 'store-flights')).toMatchObject({ lagRecords: expect.any(Number) });
  },
  6 * minutes,
);

test('sabotage needs leave', async () => {
  const refused = await home.runWith(
    { MILLRACE_SABOTAGE: 'drop:store-flights:1000' },
    ...['deploy', 'flight-delays', '--yes', '--json'],
  );
  expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'INVALID_ARGUMENT' } });
});

/** Deploys with it and sends; the faults of all windows since. */
async function broken(sabotage: string) {
  // The feed runs on: the event may be hit while the deploy is still under way.
  const fromMs = Date.now();
  const environment = { MILLRACE_SABOTAGE: sabotage };
  const deployed = await home.runWith(environment, 'deploy', 'flight-delays', '--allow-sabotage', '--yes', '--json');
  expect(JSON.parse(deployed.stdout)).toMatchObject({ state: 'flowing' });
  const run = await home.run('verify', 'flight-delays', '--events', '2000', '--timeout', '10', '--json');
  const { windows } = await settled();
  const since = windows.filter(({ originMs }) => originMs > fromMs - windowMs);
  return {
    faults: since.flatMap(({ faults }) => faults),
    ...(JSON.parse(run.stdout) as Pick<VerifyResult, 'missingIds'>),
  };
}

test.each([
  ['drop:store-flights:1000', 'store-flights', 'lost'],
  ['duplicate:store-severe:300', 'store-severe', 'doubled'],
  ['drop:severe-delays:300', 'severe-delays', 'lost'],
])(
  'one event that is broken on purpose is named: %s',
  async (sabotage, stage, kind) => {
    const { faults, missingIds } = await broken(sabotage);
    expect(faults).toEqual([expect.objectContaining({ stage, kind, events: 1, hash: expect.any(String) })]);
    // The feed's events pass, too: where a marked one was hit, the ledger names that very one.
    if (missingIds[0] !== undefined) {
      const { high, low } = eventHash(missingIds[0]);
      const hex = (half: number) => half.toString(16).padStart(8, '0');
      expect(faults[0]?.hash).toBe(hex(high) + hex(low));
    }
  },
  6 * minutes,
);

test(
  'the observer tells it once, with its stage and window, also over a new start, until it is acknowledged',
  async () => {
    const [window] = (await ledger()).windows.filter(({ faults }) => faults.length > 0);
    // The API's process watches, too, and has told it already: here another one begins with empty books.
    const at = homeAt(home.path);
    await createProcessDriver(at).stop(apiTask);
    rmSync(at.historyDir, { recursive: true, force: true });
    const told: WatchEvent[] = [];
    const watched = async (isDone: (watcher: Watcher) => boolean) => {
      const watcher = watch(
        (event) => void (event.kind === 'fault' && event.origin === window?.origin && told.push(event)),
      );
      while (!isDone(watcher)) await sleep(200);
      return watcher;
    };
    const judges = (watcher: Watcher) => (watcher.summary('flight-delays')?.ledger.balanced ?? 0) > 0;
    const first = await watched(() => told.length > 0);
    const { origin } = window!;
    const heading = {
      kind: 'fault',
      pipeline: 'flight-delays',
      origin,
      stage: 'store-flights',
      fault: 'lost',
      events: 1,
    };
    expect(told).toEqual([expect.objectContaining(heading)]);
    await first.stop();
    const second = await watched(judges);
    // Of a Spark job a window is judged when an observer has seen it read past the window's end.
    while (second.summary('flight-delays')?.ledger.unbalanced !== 3) await sleep(200);
    await sleep(2 * confirmMs);
    expect(told).toHaveLength(1);
    expect(second.summary('flight-delays')).toMatchObject({
      state: 'degraded',
      ledger: { unbalanced: 3, lost: 2, duplicated: 1 },
    });
    expect(second.acknowledge('flight-delays', { originMs: window!.originMs })).toHaveLength(1);
    while (second.summary('flight-delays')?.ledger.unbalanced !== 2) await sleep(200);
    await second.stop();
  },
  3 * minutes,
);

test(
  'what is acknowledged from the command line stays in the ledger, and makes no trouble any more, over a kill -9 of the API',
  async () => {
    await home.json('up');
    const reasonOf = async () => (await home.json<{ pipelines: { reason: string }[] }>('status')).pipelines[0]!.reason;
    expect((await home.run('ledger', 'flight-delays', '--json')).code).toBe(exitCodes.runtime);
    while (!/windows? of the ledger do not balance/.test(await reasonOf())) await sleep(500);
    const args = ['ledger', 'flight-delays', '--acknowledge', '--note', 'broken on purpose'];
    const { faults } = await home.json<Acknowledged>(...args);
    expect(faults).toHaveLength(2);
    expect(faults[0]!.acknowledged.note).toBe('broken on purpose');
    expect(await home.json<Acknowledged>(...args)).toMatchObject({ faults: [] });
    const { url, token } = await home.json<{ url: string; token: string }>('console', '--token');
    const headers = { authorization: `Bearer ${token}` };
    const events = (await (await fetch(`${url}api/events?limit=1000`, { headers })).json()) as PlatformEvent[];
    const [event] = events.filter(({ type }) => type === 'millrace.ledger.acknowledged');
    expect(event?.data).toMatchObject({ faults: 2, windows: 2, origin: null, note: 'broken on purpose' });
    const { pid } = (await createProcessDriver(homeAt(home.path)).status(apiTask))!;
    process.kill(pid!, 'SIGKILL');
    expect(await reasonOf()).not.toContain('balance');
    const after = await home.json<PipelineLedger>('ledger', 'flight-delays');
    const seen = after.windows.flatMap(({ faults }) => faults).map(({ acknowledged }) => acknowledged);
    expect(seen).toHaveLength(3);
    expect(seen).not.toContain(undefined);
    expect(after).toMatchObject({ lost: 2, duplicated: 1 });
  },
  3 * minutes,
);

test.each([
  ['drop:ingress:300', 'lost'],
  ['duplicate:ingress:300', 'doubled'],
])(
  'one event that the ingress breaks on purpose is named between it and each reader of its topic: %s',
  async (sabotage, kind) => {
    const { faults } = await broken(sabotage);
    const readers = ['airport-delays', 'severe-delays', 'store-flights'];
    expect(faults.map(({ stage }) => stage).toSorted()).toEqual(readers);
    expect(new Set(faults.map(({ kind, events, hash }) => `${kind} ${events} ${hash}`))).toEqual(
      new Set([`${kind} 1 ${faults[0]?.hash}`]),
    );
    for (const { text } of faults) expect(text).toMatch(/^between ingress and /);
  },
  6 * minutes,
);

function watch(listener: (event: WatchEvent) => void): Watcher {
  const at = homeAt(home.path);
  const watcher = createWatcher({
    ...{ home: at, records: createRecords(at), secrets: createSecrets(at.secretsDir), driver: createProcessDriver(at) },
    log: (message) => process.stderr.write(`${message}\n`),
  });
  watcher.on(listener);
  watcher.start();
  return watcher;
}
