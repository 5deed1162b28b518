/** A pipeline on three nodes with three brokers: placed apart, reached as a whole, and nothing lost with a broker. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TaskStatus } from '../../platform/cluster/driver.ts';
import type { Ledger } from '../../platform/model/ledger.ts';
import type { DeployResult } from '../../platform/model/operations.ts';
import type { VerifyResult } from '../../platform/verify/verify.ts';
import { createTestHome } from './cli.ts';

const minutes = 60_000;
const home = createTestHome(17_900);
let deployed: DeployResult;

const tasks = async () => (await home.json<{ tasks: TaskStatus[] }>('status')).tasks;

beforeAll(async () => {
  deployed = await home.json<DeployResult>('deploy', 'flight-delays', '--nodes', '3', '--set', 'brokers=3', '--yes');
}, 8 * minutes);

afterAll(async () => {
  await home.purge();
}, 2 * minutes);

test(
  'the brokers are on three nodes, each node has tasks, and the instances of the API share one',
  async () => {
    expect(deployed).toMatchObject({ state: 'flowing', revision: 1 });
    const nodesOf = (all: readonly TaskStatus[], start: string) =>
      all.filter(({ id }) => id.startsWith(start)).map(({ node }) => node);
    const all = await tasks();
    expect(nodesOf(all, 'kafka.broker.').sort()).toEqual(['node-1', 'node-2', 'node-3']);
    const api = nodesOf(all, 'flight-delays.api.');
    expect(api).toHaveLength(2);
    expect(new Set(api).size).toBe(1);
  },
  2 * minutes,
);

test(
  'every instance of the API is reached at the address that deploy printed',
  async () => {
    const ended = new AbortController();
    const readers = Array.from({ length: 24 }, () =>
      fetch(`${deployed.endpoints.api}/board/events`, { signal: ended.signal }).then(({ status }) => status),
    );
    expect(await Promise.all(readers)).toEqual(readers.map(() => 200));
    const instances = (await tasks()).filter(({ id }) => id.startsWith('flight-delays.api.'));
    const counts = await Promise.all(instances.map(readersOf));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(readers.length);
    // The kernel chooses by the connection's port: that 24 all miss one of two instances does not happen.
    for (const count of counts) expect(count).toBeGreaterThan(0);
    ended.abort();
  },
  2 * minutes,
);

/** How many read the live board from this instance. */
async function readersOf({ ports }: TaskStatus): Promise<number> {
  const { address, port } = ports.find(({ name }) => name === 'health')!;
  const response = await fetch(`http://${address}:${port}/metrics.json`);
  return ((await response.json()) as { boardReaders: number }).boardReaders;
}

test(
  'kill -9 of a broker during the flow loses and doubles nothing',
  async () => {
    const args = ['--events', '10000', '--rate', '250', '--timeout', '240'];
    const verifying = home.json<VerifyResult>('verify', 'flight-delays', ...args);
    const settled = verifying.catch(() => undefined);
    for (const broker of ['kafka.broker.1', 'kafka.broker.2']) {
      await sleep(10_000);
      const found = (await tasks()).find(({ id }) => id === broker);
      process.kill(found!.pid!, 'SIGKILL');
    }
    await settled;
    expect(await verifying).toMatchObject({ read: 10_000, lost: 0, duplicated: 0, countMissing: 0 });
    const ended = (await tasks()).filter(({ id }) => id.startsWith('kafka.broker.'));
    expect(ended.map(({ restarts }) => restarts)).toEqual([0, 1, 1]);
  },
  8 * minutes,
);

test(
  'down leaves no process of any node',
  async () => {
    const { ledger } = await home.json<{ ledger: Ledger }>('down', '--purge', '--yes');
    expect(ledger.left).toEqual([]);
  },
  2 * minutes,
);
