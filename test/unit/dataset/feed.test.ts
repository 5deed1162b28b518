import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { NodeTaskConfig } from '../../../platform/connectors/config.ts';
import { createDatasetFeed, type DatasetFeed } from '../../../platform/connectors/dataset/feed.ts';
import { readPosition } from '../../../platform/connectors/dataset/position.ts';
import { unavailable } from '../../../platform/connectors/http/fault.ts';
import { flowSpec } from '../../../platform/model/blueprint.ts';
import { createSpanRecorder } from '../../../platform/telemetry/recorder.ts';
import { findTrace } from '../../../platform/telemetry/traceStore.ts';
import { configOf, type Limits, type Running, startIngress } from '../ingress/harness.ts';

// A loaded machine takes its time over some hundred events.
jest.setTimeout(60_000);

let directory: string;
let running: Running;
let feed: DatasetFeed | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-feed-'));
});
afterEach(async () => {
  await feed?.stop();
  await running.ingress.stop();
  await rm(directory, { recursive: true, force: true });
});

interface FeedSettings extends Limits {
  readonly ratePerSecond?: number;
  readonly loop?: boolean;
  readonly traceRatio?: number;
  readonly delayType?: 'int' | 'string';
}

/** 2,000 flights; the ingress holds them in memory. */
async function startFeed(settings: FeedSettings = {}): Promise<DatasetFeed> {
  const { ratePerSecond = 1_000_000, loop = false, traceRatio = 0, delayType = 'int' } = settings;
  running ??= await startIngress(settings);
  const base = configOf(settings);
  const flow = flowSpec.parse({
    from: { kind: 'dataset', dataset: 'flights', loop, eventType: 'flight' },
    to: { kind: 'ingress', service: 'ingress', ratePerSecond },
  });
  const fields = {
    delay_minutes: { type: delayType, from: 'delay' },
    origin: { type: 'string', from: 'origin' },
  } as const;
  const flights = { npmPackage: 'vega-datasets', file: 'data/flights-2k.json', format: 'json', fields } as const;
  const config: NodeTaskConfig = {
    ...base,
    spec: { ...base.spec, flows: { feed: flow }, datasets: { flights } },
    services: { ingress: `http://127.0.0.1:${running.port}` },
  };
  const recorder = createSpanRecorder({
    service: 'feed',
    instance: 'feed.0',
    spansDir: join(directory, 'spans'),
    env: {},
  });
  feed = createDatasetFeed(config, 'feed', { dataDir: directory, recorder, log: () => {}, traceRatio });
  feed.start();
  return Object.assign(feed, { recorder });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
const ids = () => running.producer.records.map((record) => record.headers.ce_id!);
const positionFile = () => join(directory, 'feed-feed.json');

describe('the dataset feed', () => {
  beforeEach(async () => {
    running = await startIngress();
  });

  test('sends each row once, in order, and ends', async () => {
    const { counters } = await startFeed();
    await until(() => counters.acknowledged === 2000);
    const loop = ids()[0]!.split('-')[1];
    expect(ids()).toEqual(Array.from({ length: 2000 }, (_, row) => `flights-${loop}-${row}`));
    await feed!.stop();
    expect(JSON.parse(await readFile(positionFile(), 'utf8'))).toMatchObject({ loop: Number(loop) + 1, row: 0 });
    expect(feed!.waitingFor()).toBeUndefined();
    expect(running.producer.records.every((record) => record.headers.traceparent === undefined)).toBe(true);
  });

  test('loops with new ids', async () => {
    const { counters } = await startFeed({ loop: true });
    await until(() => counters.acknowledged > 4500);
    await feed!.stop();
    expect(new Set(ids()).size).toBe(ids().length);
    expect(new Set(ids().map((id) => id.split('-')[1])).size).toBe(3);
  });

  test('goes on after a restart where it stood', async () => {
    let { counters } = await startFeed({ ratePerSecond: 10_000 });
    await until(() => counters.acknowledged >= 500);
    await feed!.stop();
    ({ counters } = await startFeed());
    await until(() => counters.row === 2000);
    await feed!.stop();
    expect(ids()).toHaveLength(2000);
    expect(new Set(ids()).size).toBe(2000);
  });

  test('sends the same ids again until they are accepted', async () => {
    let refusals = 3;
    running.producer.gate = () => (refusals-- > 0 ? Promise.reject(unavailable('no broker', 0)) : Promise.resolve());
    const { counters } = await startFeed();
    await until(() => counters.acknowledged === 2000);
    expect(counters.retries).toBe(3);
    expect(new Set(ids()).size).toBe(2000);
    expect(ids()).toHaveLength(2000);
  });

  test('leaves out and counts rows that the ingress finds invalid', async () => {
    const { counters } = await startFeed({ delayType: 'string' });
    await until(() => counters.refused >= 600);
    expect(counters.acknowledged).toBe(0);
    expect(running.producer.records).toEqual([]);
  });

  test('traces the part of its events that it is told to', async () => {
    const { counters, recorder } = (await startFeed({ traceRatio: 1 })) as DatasetFeed & {
      recorder: ReturnType<typeof createSpanRecorder>;
    };
    await until(() => counters.acknowledged === 2000);
    await recorder.shutdown();
    const last = running.producer.records.at(-1)!;
    const trace = await findTrace(join(directory, 'spans'), { eventId: last.headers.ce_id! });
    expect(trace?.spans.map((span) => span.name)).toEqual(['feed feed']);
    expect(last.headers.traceparent).toContain(trace?.traceId);
  });
});

describe('the position of a feed', () => {
  beforeEach(async () => {
    running = await startIngress();
  });

  test('begins with a loop that no earlier feed can have had', async () => {
    expect(await readPosition(positionFile(), 1_795_428_588_123)).toEqual({ loop: 1_795_428_588, row: 0 });
  });

  test.each([
    ['cut short', '{"format":"millrace/feed-pos', 'CORRUPT_STATE'],
    ['another format', '{"format":"x","loop":1,"row":2}', 'FOREIGN_STATE'],
    ['no object', 'null', 'FOREIGN_STATE'],
    ['a negative row', '{"format":"millrace/feed-position/1","loop":1,"row":-2}', 'CORRUPT_STATE'],
  ])('%s is refused by name and left alone', async (_, text, code) => {
    await writeFile(positionFile(), text);
    await expect(readPosition(positionFile(), 0)).rejects.toMatchObject({ code, details: { file: positionFile() } });
    expect(await readFile(positionFile(), 'utf8')).toBe(text);
  });
});
