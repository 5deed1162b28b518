/** The observer on tasks that answer, hang, end and go: real health ports, no Kafka. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type PipelineSummary, pipelineGraph, pipelineSummary } from '../../../../platform/api/contract/pipelines.ts';
import type { TaskStatus } from '../../../../platform/cluster/driver.ts';
import { type HealthServer, startHealthServer } from '../../../../platform/connectors/health.ts';
import { MillraceError } from '../../../../platform/errors.ts';
import type { PipelineRecord } from '../../../../platform/model/records.ts';
import { createWatcher, type ReadRecords } from '../../../../platform/observe/watch/createWatcher.ts';
import type { WatchEvent, Watcher } from '../../../../platform/observe/watcher.ts';
import { resolveParameters } from '../../../../platform/plan/parameters.ts';
import { loadBlueprint } from '../../../../platform/sdk/loadBlueprint.ts';
import { arrive, enter, idsOf, ingressMeter, sinkMeter } from './counts.ts';

const module = await loadBlueprint(new URL('../../../..', import.meta.url).pathname, 'flight-delays');
const spec = module.build(resolveParameters(module, {}));
const sinks = Object.entries(spec.flows).flatMap(([name, { from }]) => (from.kind === 'kafka' ? [name] : []));

/** A pipeline of two tasks with health ports of their own, its record and what an agent says of it. */
class Room {
  readonly historyDir = mkdtempSync(join(tmpdir(), 'millrace-watch-'));
  readonly ingress = ingressMeter(Date.now);
  readonly stores = sinks.map((name) => sinkMeter(name, Date.now));
  readonly events: WatchEvent[] = [];
  readonly said: string[] = [];
  records: PipelineRecord[] = [];
  unreadable: string[] = [];
  /** Whose tasks run, besides. */
  running: PipelineRecord[] = [];
  fails = false;
  looksFail = false;
  readonly #servers: HealthServer[] = [];
  readonly #hanging: Server[] = [];
  #watcher: Watcher | undefined;

  async task(part: string, stages: readonly { report(sinceMs?: number): never | object }[]): Promise<number> {
    const config = {
      task: `mine.${part}.0`,
      pipeline: 'mine',
      revision: 1,
      listen: { address: '127.0.0.1', health: 0 },
    };
    const server = await startHealthServer(config, {
      state: () => ({ ready: true, waitingFor: '' }),
      metrics: () => ({}),
      stages: (sinceMs) => stages.map((stage) => stage.report(sinceMs)) as never,
    });
    this.#servers.push(server);
    return server.port;
  }

  /** Takes connections and never answers. */
  async hanging(): Promise<number> {
    const server = createServer(() => undefined);
    this.#hanging.push(server);
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  record(pipeline: string, ports: Readonly<Record<string, number>>): PipelineRecord {
    const placements = Object.entries(ports).map(([part, health]) => ({
      ...{ task: `${pipeline}.${part}.0`, node: 'node-1', address: '127.0.0.1', ports: { health }, demand: {} },
    }));
    const record = {
      pipeline,
      blueprint: 'flight-delays',
      revision: 1,
      state: 'flowing',
      endpoints: { api: 'http://x' },
    };
    return { ...record, plan: { spec, placements, frameworks: [] } } as unknown as PipelineRecord;
  }

  watch(): Watcher {
    const status = (task: string) => ({ id: task, phase: 'running', desired: 'running', reason: '' }) as TaskStatus;
    const records: ReadRecords = {
      readablePipelines: () => {
        if (this.fails) throw new Error('the directory can not be read');
        const unreadable = this.unreadable.map((pipeline) => ({ pipeline, error: corrupt(pipeline) }));
        return { records: this.records, unreadable };
      },
      framework: () => undefined,
      frameworks: () => [],
    };
    this.#watcher = createWatcher({
      ...{ home: { historyDir: this.historyDir }, records, secrets: { get: () => '' }, everyMs: 50 },
      driver: {
        list: async () =>
          [...this.records, ...this.running].flatMap(({ plan }) => plan.placements.map(({ task }) => status(task))),
      },
      log: (message) => void this.said.push(message),
      freshnessMs: () => {
        if (this.looksFail) throw new Error('no freshness');
        return undefined;
      },
    });
    this.#watcher.on((event) => void this.events.push(event));
    this.#watcher.start();
    return this.#watcher;
  }

  async close(): Promise<void> {
    await this.#watcher?.stop();
    for (const server of this.#hanging) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    await Promise.all(this.#servers.map((server) => server.close()));
    rmSync(this.historyDir, { recursive: true, force: true });
  }
}

function corrupt(pipeline: string): MillraceError {
  return new MillraceError('CORRUPT_STATE', { file: `/h/pipelines/${pipeline}/pipeline.json`, reason: 'it is empty' });
}

let room: Room;
beforeEach(() => {
  room = new Room();
});
afterEach(() => room.close());

async function until<T>(found: () => T | undefined | false): Promise<T> {
  for (;;) {
    const value = found();
    if (value !== undefined && value !== false) return value;
    await sleep(20);
  }
}

async function flowing(): Promise<Watcher> {
  const ports = { ingress: await room.task('ingress', [room.ingress]), sinks: await room.task('sinks', room.stores) };
  room.records = [room.record('mine', ports)];
  return room.watch();
}

const isMoving = (summary: PipelineSummary | undefined) => (summary?.ratePerSecond ?? 0) > 0 && summary;

test('tells rates, latencies, graph and history of what passes, in the shape of the API', async () => {
  const watcher = await flowing();
  await until(() => watcher.summary('mine'));
  let offset = 0;
  const seen = await until(() => {
    const records = enter(room.ingress, idsOf(5, `e${offset}`), Date.now() - 20);
    for (const store of room.stores) arrive(store, records, { atMs: Date.now(), offset });
    offset += 5;
    return isMoving(watcher.summary('mine'));
  });
  expect(pipelineSummary.parse(seen)).toEqual(seen);
  const graph = watcher.graph('mine')!;
  expect(pipelineGraph.parse(graph)).toEqual(graph);
  expect(graph.nodes.find(({ id }) => id === 'flow:board')).toMatchObject({ state: 'ok', tasks: ['mine.sinks.0'] });
  const points = await until(() => {
    const { points } = watcher.history('mine', { fromMs: Date.now() - 60_000, toMs: Date.now(), points: 100 });
    return points.some(({ ratePerSecond }) => (ratePerSecond ?? 0) > 0) && points;
  });
  expect(Object.keys(points[0]!.stages)).toContain('store-flights');
  expect(watcher.graph('mine', points[0]!.atMs)?.atMs).toBe(points[0]!.atMs);
  // Asked at each look, by objectives: from memory, whatever the files are.
  rmSync(join(room.historyDir, 'mine'), { recursive: true });
  expect(Object.keys(watcher.newest('mine')!.stages)).toContain('store-flights');
  expect(watcher.newest('mine')!.atMs).toBeGreaterThanOrEqual(points[0]!.atMs);
  expect(watcher.newest('other')).toBeUndefined();
  expect(watcher.ledger('mine')).toMatchObject({ pipeline: 'mine', windows: [], openFaults: [] });
  expect(watcher.lag('mine')?.hops).toHaveLength(7);
  expect(room.events.some(({ kind }) => kind === 'seen')).toBe(true);
});

test('a task that hangs holds up neither its pipeline nor another', async () => {
  const hanging = await room.hanging();
  const ports = { ingress: await room.task('ingress', [room.ingress]), sinks: hanging };
  room.records = [room.record('mine', ports), room.record('stuck', { sinks: hanging })];
  const watcher = room.watch();
  await until(() => watcher.summary('mine'));
  const seen = await until(() => {
    enter(room.ingress, idsOf(5), Date.now());
    return isMoving(watcher.summary('mine'));
  });
  expect(seen.ratePerSecond).toBeGreaterThan(0);
  await until(() => watcher.summary('stuck'));
  const told = await until(
    () => /mine\.sinks\.0 does not answer/.test(watcher.summary('mine')!.reason) && watcher.summary('mine'),
  );
  expect(told).toMatchObject({ state: 'degraded', next: 'millrace logs mine.sinks.0' });
  expect(watcher.graph('mine')?.nodes.find(({ id }) => id === 'flow:board')).toMatchObject({ state: 'degraded' });
}, 30_000);

test('another task that answers in its place is not taken for it', async () => {
  room.records = [room.record('mine', { ingress: await room.task('other', [room.ingress]) })];
  const watcher = room.watch();
  await until(() => watcher.ledger('mine')?.faults.some((fault) => fault.includes('task mine.other.0 answers at')));
  expect(watcher.summary('mine')?.ratePerSecond).toBeNull();
});

test('records that can not be read are told once, and what was seen stays', async () => {
  const watcher = await flowing();
  await until(() => watcher.summary('mine'));
  room.fails = true;
  await until(() => room.said.length > 0);
  await sleep(200);
  expect(room.said).toEqual(['the observer can not look: the directory can not be read']);
  expect(watcher.summaries()).toHaveLength(1);
});

test('a record that can not be read is named, once in the log, and the others are looked at', async () => {
  room.unreadable = ['broken'];
  const watcher = await flowing();
  await until(() => watcher.summary('mine'));
  const seen = watcher.summary('broken')!;
  expect(pipelineSummary.parse(seen)).toEqual(seen);
  expect(seen).toMatchObject({ state: 'degraded', reason: corrupt('broken').message, ratePerSecond: null });
  expect(seen.next).toContain('mv /h/pipelines/broken/pipeline.json');
  expect(watcher.summaries().map(({ pipeline }) => pipeline)).toEqual(['mine', 'broken']);
  const looks = () => room.events.filter(({ kind, pipeline }) => kind === 'seen' && pipeline === 'mine').length;
  const before = looks();
  await until(() => looks() > before + 3);
  expect(room.said).toEqual([`broken: ${corrupt('broken').message}`]);
  expect(room.events.filter(({ kind, pipeline }) => kind === 'state' && pipeline === 'broken')).toHaveLength(1);
  room.unreadable = [];
  await until(() => watcher.summary('broken') === undefined);
});

test('a record that is read and that the observer can make nothing of hides no other', async () => {
  const watcher = await flowing();
  const { plan, ...record } = room.record('odd', {});
  room.records.unshift({ ...record, plan: { ...plan, spec: {} } } as unknown as PipelineRecord);
  await until(() => watcher.summary('mine'));
  const odd = await until(() => watcher.summary('odd'));
  expect(odd).toMatchObject({
    state: 'degraded',
    reason: expect.stringContaining('Something in Millrace itself failed'),
  });
});

test('a pipeline whose record can no longer be read is watched on as it was recorded, and keeps what was seen', async () => {
  const watcher = await flowing();
  const directory = join(room.historyDir, 'mine');
  await until(() => watcher.summary('mine') && existsSync(directory));
  const { records } = room;
  room.running = records;
  [room.records, room.unreadable] = [[], ['mine']];
  const told = await until(
    () => watcher.summary('mine')!.reason.includes('can not be read') && watcher.summary('mine'),
  );
  expect(told).toMatchObject({ state: 'degraded', blueprint: 'flight-delays', revision: 1 });
  expect(told.reason).toContain('/h/pipelines/mine/pipeline.json');
  expect(told.reason).toContain('it is watched as it was recorded before');
  expect([existsSync(directory), watcher.summaries().length]).toEqual([true, 1]);
  [room.records, room.unreadable] = [records, []];
  await until(() => !watcher.summary('mine')!.reason.includes('can not be read'));
}, 30_000);

test('a look that fails is told in the state, and once in the log', async () => {
  const watcher = await flowing();
  await until(() => watcher.summary('mine'));
  room.looksFail = true;
  const reason = 'The observer can not look: no freshness.';
  await until(() => watcher.summary('mine')?.reason === reason);
  await sleep(200);
  expect(room.said).toEqual(['mine: no freshness']);
  room.looksFail = false;
  await until(() => watcher.summary('mine')?.reason !== reason);
});

test('what was seen of a pipeline goes with its record', async () => {
  const watcher = await flowing();
  const directory = join(room.historyDir, 'mine');
  await until(() => existsSync(directory));
  room.records = [];
  await until(() => !existsSync(directory) && watcher.summaries().length === 0);
  expect(watcher.graph('mine')).toBeUndefined();
  expect(watcher.history('mine', { fromMs: 0, toMs: Date.now(), points: 10 }).points).toEqual([]);
});

test('a listener that throws holds nobody up, and one that has left hears nothing', async () => {
  const watcher = await flowing();
  watcher.on(() => {
    throw new Error('of a listener');
  });
  let heard = 0;
  const leave = watcher.on(() => {
    heard += 1;
  });
  await until(() => heard > 2);
  leave();
  const before = heard;
  room.events.length = 0;
  await until(() => room.events.length > 3);
  expect(heard).toBe(before);
  expect(room.said).toContain('a listener of the observer failed: of a listener');
});
