import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type CassandraAdmin, connectCassandraAdmin } from '../../../platform/frameworks/cassandra/admin.ts';
import { cassandraPackage } from '../../../platform/frameworks/cassandra/package.ts';
import type { CassandraOptions } from '../../../platform/frameworks/cassandra/spec.ts';
import { artifactsForTests } from './artifacts.ts';
import { makeRoom, type Room } from './room.ts';
import { end, type RunningTask, start, untilReady } from './runner.ts';

jest.setTimeout(400_000);

describe('two nodes of Cassandra', () => {
  let room: Room<CassandraOptions>;
  const tasks: RunningTask[] = [];

  beforeAll(async () => {
    const address = (instance: number) => `127.0.0.${instance + 1}`;
    room = makeRoom(
      cassandraPackage,
      { nodes: 2 },
      { artifacts: await artifactsForTests(), firstPort: 12240, address },
    );
    for (const instance of [0, 1]) {
      const context = room.context(instance);
      tasks[instance] = start(cassandraPackage.render(context), room.root);
      await untilReady(cassandraPackage, room.access, context.placement, tasks[instance]);
    }
  });
  afterAll(async () => {
    await Promise.all(tasks.map((task) => end(task, 'SIGKILL')));
    if (room) rmSync(room.root, { recursive: true, force: true });
  });

  it('know each other, and keep roles and rows on both', async () => {
    await withAdmin(room, [0, 1], async (admin) => {
      expect((await admin.describe()).nodes).toEqual(['127.0.0.1', '127.0.0.2']);
      expect(await admin.secure()).toEqual([]);
      expect(await admin.ensureKeyspace('shop')).toBe(true);
      await admin.ensureRole('pipeline_shop', 'password', 'shop');
    });
  });
  it('let the administrator in when one of them is dead', async () => {
    await end(tasks[0]!, 'SIGKILL');
    await withAdmin(room, [1], async (admin) => expect(await admin.listKeyspaces()).toEqual(['shop']));
  });
});

async function withAdmin(
  room: Room<CassandraOptions>,
  instances: readonly number[],
  use: (admin: CassandraAdmin) => Promise<void>,
): Promise<void> {
  const placements = instances.map((instance) => room.access.placements[instance]!);
  const admin = await connectCassandraAdmin({ ...room.access, placements });
  try {
    await use(admin);
  } finally {
    await admin.close();
  }
}
