/** What of Kafka fails for one figure is not told of another. Real offsets would need Kafka: its answers are handed in. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { TaskStatus } from '../../../../platform/cluster/driver.ts';
import { fail } from '../../../../platform/errors.ts';
import type { KafkaAdmin } from '../../../../platform/frameworks/kafka/admin.ts';
import { physical } from '../../../../platform/model/names.ts';
import type { FrameworkRecord, PipelineRecord } from '../../../../platform/model/records.ts';
import { KafkaLine } from '../../../../platform/observe/watch/kafkaLine.ts';
import { PipelineWatch } from '../../../../platform/observe/watch/pipelineWatch.ts';
import { resolveParameters } from '../../../../platform/plan/parameters.ts';
import { loadBlueprint } from '../../../../platform/sdk/loadBlueprint.ts';

const module = await loadBlueprint(new URL('../../../..', import.meta.url).pathname, 'flight-delays');
const spec = module.build(resolveParameters(module, {}));
const [topic] = Object.keys(spec.topics) as [string];
const dead = physical.deadLetterTopic('mine', topic);
const kafkaRecord = {
  framework: 'kafka',
  identity: 'it',
  plan: { options: {}, placements: [] },
} as unknown as FrameworkRecord;
const record = {
  ...{ pipeline: 'mine', blueprint: 'flight-delays', revision: 1, state: 'flowing', endpoints: { api: 'http://x' } },
  plan: { spec, placements: [{ task: 'mine.beside.0', ports: {} }], frameworks: [] },
} as unknown as PipelineRecord;

const running = { id: 'mine.beside.0', phase: 'running', desired: 'running', reason: '' } as TaskStatus;
const cluster = { statuses: new Map([[running.id, running]]), worker: true, frameworks: new Map() };

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-watch-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Kafka with a dead letter, whose index by time can't be read while `countFails`. */
class Room {
  nowMs = 1_795_538_300_000;
  countFails = false;
  offsetsFail = false;
  end = 1;
  counted = 0;
  asked = 0;
  readonly #admin = {
    offsets: async () => {
      this.asked += 1;
      if (this.offsetsFail) refused('read offsets');
      return { topics: { [dead]: [{ partition: 0, startOffset: 0, endOffset: this.end }] }, groups: {} };
    },
    recordsSince: async () => {
      this.counted += 1;
      if (this.countFails) refused('look up times');
      return { [dead]: this.end };
    },
    timestampAt: async () => null,
    close: async () => undefined,
  } as unknown as KafkaAdmin;
  readonly watch = new PipelineWatch(record, {
    ...{ directory, now: () => this.nowMs, log: () => undefined, emit: () => undefined },
    kafka: new KafkaLine({
      ...{ record: () => kafkaRecord, secrets: { get: () => '' } as never, now: () => this.nowMs },
      connect: async () => this.#admin,
    }),
    ...{ freshnessMs: () => undefined, workflowUrl: () => null, alerts: () => 0 },
    newestDeadLetter: async () => undefined,
  });

  /** Looks, the last of which has what Kafka answered to those before. */
  async told(): Promise<string> {
    for (let look = 0; look < 8; look++) {
      this.nowMs += 2500;
      await this.watch.look(cluster);
      // Kafka's answers are there at once, and are taken in before the next look.
      await setImmediate();
    }
    return JSON.stringify(this.watch.summary());
  }
}

test('a clock that was set back by an hour hides nothing for that hour', async () => {
  const room = new Room();
  expect(await room.told()).toContain('1 event went to mine.flights.dead');
  const { asked } = room;
  room.nowMs -= 3_600_000;
  room.end = 2;
  expect(await room.told()).toContain('2 events went to mine.flights.dead');
  expect(room.asked).toBeGreaterThan(asked + 4);
  expect(Math.abs(room.watch.newest()!.atMs - room.nowMs)).toBeLessThan(60_000);
  await room.watch.close();
});

function refused(action: string): never {
  return fail('SERVER_REFUSED', { framework: 'Kafka', endpoint: 'b:1', action, reason: 'not now' });
}

test('dead letters that can not be counted are told as they were counted last, and offsets as known', async () => {
  const room = new Room();
  expect(await room.told()).toContain('1 event went to mine.flights.dead in the last 10 min.');
  const { counted } = room;
  [room.countFails, room.end] = [true, 2];
  const told = await room.told();
  expect(room.counted).toBeGreaterThan(counted);
  expect(told).toContain('1 event went to mine.flights.dead in the last 10 min.');
  room.countFails = false;
  expect(await room.told()).toContain('2 events went to mine.flights.dead in the last 10 min.');
  room.offsetsFail = true;
  expect(await room.told()).toContain('in the last 10 min (and 1 further trouble).');
  await room.watch.close();
});
