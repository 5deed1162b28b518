import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { SpanData } from '../../../../platform/telemetry/span.ts';
import type { TraceSearch } from '../../../../platform/telemetry/store/contract.ts';
import { type EmbeddedStore, maxQueued, openTelemetryStore } from '../../../../platform/telemetry/store/open.ts';
import { eventIdOf, traceIdOf, traceOf } from '../../../bench/telemetrySpans.ts';

const base = Date.now() - 3600_000;

function addTrace(store: EmbeddedStore, n: number, stepMs = 10): void {
  for (const { service, spans } of traceOf(n, base + n * stepMs))
    store.addSpans({ service, instance: `${service}.0` }, spans);
}

describe('searching 5,000 traces', () => {
  const traces = 5000;
  let directory: string;
  let store: EmbeddedStore;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'millrace-store-'));
    store = await openTelemetryStore({ directory });
    for (let n = 0; n < traces; n++) {
      addTrace(store, n);
      if (n % 1000 === 0) await store.flush();
    }
    await store.flush();
  }, 60_000);
  afterAll(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });

  const numbersOf = async (search: Partial<TraceSearch>) => {
    const found = await store.searchTraces({ limit: 10_000, ...search });
    return found.map(({ traceId }) => Number.parseInt(traceId.slice(8, 16), 16));
  };
  /** Numbers that fulfil, newest first. */
  const expected = (holds: (n: number) => boolean) =>
    Array.from({ length: traces }, (_, i) => traces - 1 - i).filter(holds);

  test('the newest come first, told by their root', async () => {
    const found = await store.searchTraces({ limit: 50 });
    expect(found).toHaveLength(50);
    expect(found[0]).toEqual({
      traceId: traceIdOf(4999),
      name: 'POST /events',
      service: 'flight-delays.ingress',
      pipeline: 'flight-delays',
      eventId: eventIdOf(4999),
      startMs: base + 49_990,
      durationMs: 3019,
      spans: 8,
      errors: 1,
    });
    expect(await numbersOf({ limit: 50 })).toEqual(expected(() => true).slice(0, 50));
  });

  test('goes on where a page has ended', async () => {
    const [first] = await store.searchTraces({ limit: 1 });
    expect(await numbersOf({ limit: 3, before: first!.startMs })).toEqual([4998, 4997, 4996]);
  });

  test('by time', async () => {
    const range = { fromMs: base + 1000, toMs: base + 1050 };
    expect(await numbersOf(range)).toEqual([105, 104, 103, 102, 101, 100]);
  });

  test('by status', async () => {
    expect(await numbersOf({ status: 'error' })).toEqual(expected((n) => n % 100 === 99));
    expect(await numbersOf({ status: 'ok' })).toEqual(expected((n) => n % 100 !== 99));
  });

  test('by duration', async () => {
    expect(await numbersOf({ minDurationMs: 3000 })).toEqual(expected((n) => n % 1000 === 999));
    expect(await numbersOf({ maxDurationMs: 2999 })).toEqual(expected((n) => n % 1000 !== 999));
    expect(await numbersOf({ minDurationMs: 3000, maxDurationMs: 3010 })).toEqual([]);
  });

  test('by service, name and pipeline, of which all have some or none', async () => {
    expect(await numbersOf({ service: 'flight-delays.sinks' })).toHaveLength(traces);
    expect(await numbersOf({ service: 'flight-delays' })).toEqual([]);
    expect(await numbersOf({ name: 'sink raw', pipeline: 'flight-delays' })).toHaveLength(traces);
    expect(await numbersOf({ name: 'sink raw', pipeline: 'other' })).toEqual([]);
  });

  test('by attribute: one that is rare, one that is common, one that is a number, none', async () => {
    const by = (key: string, value: string) => numbersOf({ attribute: { key, value } });
    expect(await by('millrace.event.id', eventIdOf(77))).toEqual([77]);
    expect(await by('messaging.destination.partition.id', '3')).toEqual(expected((n) => n % 4 === 3));
    expect(await by('messaging.kafka.offset', '4321')).toEqual([4321]);
    expect(await by('millrace.event.id', eventIdOf(77).slice(0, -1))).toEqual([]);
    expect(await by('millrace.event.i', `d=${eventIdOf(77)}`)).toEqual([]);
  });

  test('by all of them together', async () => {
    const all: Partial<TraceSearch> = {
      ...{ service: 'flight-delays.sinks', name: 'kafka receive flight-delays.flights', pipeline: 'flight-delays' },
      attribute: { key: 'messaging.destination.partition.id', value: '3' },
      ...{ status: 'error', minDurationMs: 3000, fromMs: base + 10_000 },
    };
    const found = await numbersOf(all);
    expect(found).toEqual(expected((n) => n >= 1000 && n % 1000 === 999));
    expect(await numbersOf({ ...all, limit: 2 })).toEqual(found.slice(0, 2));
  });

  test('the heat map counts each trace once and leads to one of each cell', async () => {
    const map = await store.heatmap({ limit: 1, pipeline: 'flight-delays' }, 10);
    expect(map.counts).toHaveLength(10);
    expect(map.counts.flat().reduce((sum, each) => sum + each, 0)).toBe(traces);
    expect(map.latencyBoundsMs).toHaveLength(map.counts[0]!.length);
    expect(map.exemplars).toHaveLength(map.counts.flat().filter((count) => count > 0).length);
    for (const { column, row, traceId } of map.exemplars) {
      const trace = (await store.trace(traceId))!;
      const startMs = Date.parse(trace.startedAt);
      expect(trace.durationMs).toBeGreaterThanOrEqual(map.latencyBoundsMs[row]!);
      expect(trace.durationMs).toBeLessThan(map.latencyBoundsMs[row + 1] ?? Number.POSITIVE_INFINITY);
      expect(Math.floor((startMs - map.fromMs) / map.stepMs)).toBe(column);
    }
    const failed = await store.heatmap({ limit: 1, status: 'error', fromMs: base, toMs: base + 9_999 }, 4);
    expect(failed.counts.map((rows) => rows.reduce((sum, each) => sum + each, 0))).toEqual([2, 3, 2, 3]);
  });

  test('nothing matches: an empty heat map', async () => {
    const map = await store.heatmap({ limit: 1, pipeline: 'other' }, 10);
    expect([map.counts, map.exemplars]).toEqual([[], []]);
  });
});

describe('a store', () => {
  let directory: string;
  let store: EmbeddedStore;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'millrace-store-'));
    store = await openTelemetryStore({ directory });
  });
  afterEach(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });
  const origin = { service: 'p.sinks', instance: 'p.sinks.0' };
  const span = (over: Partial<SpanData> = {}): SpanData => ({
    ...{ name: 'work', kind: 'internal', traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) },
    ...{ startMs: base + 0.125, endMs: base + 2.5, attributes: {}, ...over },
  });

  test('gives a trace back as it came, over a restart', async () => {
    const attributes = {
      text: 'a"b\u2028',
      whole: 3,
      part: 0.5,
      yes: true,
      list: ['x', 'y'],
      empty: '',
      __proto__x: 'p',
    };
    store.addSpans(origin, [
      span({ attributes: { ...attributes, none: undefined }, error: '' }),
      span({ spanId: 'c'.repeat(16), parentSpanId: 'b'.repeat(16), kind: 'producer', service: 'p.spark' }),
    ]);
    await store.flush();
    await store.close();
    store = await openTelemetryStore({ directory });
    const trace = (await store.trace('a'.repeat(32)))!;
    expect(trace).toMatchObject({ durationMs: 2.375, services: ['p.sinks', 'p.spark'], pipeline: null, eventId: null });
    expect(trace.spans[0]).toEqual({
      ...{ spanId: 'b'.repeat(16), parentSpanId: null, name: 'work', kind: 'internal', service: 'p.sinks' },
      ...{
        instance: 'p.sinks.0',
        startMs: base + 0.125,
        offsetMs: 0,
        durationMs: 2.375,
        depth: 0,
        error: '',
        attributes,
      },
    });
    expect(trace.spans[1]).toMatchObject({ kind: 'producer', service: 'p.spark', depth: 1, error: null });
    expect(await store.trace('d'.repeat(32))).toBeUndefined();
    expect(await store.trace("' OR 1=1")).toBeUndefined();
  });

  test('keeps a span that comes twice once, and adds late ones to their trace', async () => {
    store.addSpans(origin, [span({ error: 'broken' }), span({ error: 'broken' })]);
    await store.flush();
    store.addSpans(origin, [span({ error: 'broken' })]);
    await store.flush();
    store.addSpans(origin, [span({ spanId: 'e'.repeat(16), startMs: base - 5, endMs: base + 50, name: 'earlier' })]);
    await store.flush();
    const [found] = await store.searchTraces({ limit: 5 });
    expect(found).toMatchObject({ spans: 2, errors: 1, name: 'earlier', startMs: base - 5, durationMs: 55 });
    expect(store.stats().spans).toBe(2);
  });

  test('a trace that tells of several events has no event id of its own', async () => {
    const event = (id: string, spanId: string) =>
      span({ spanId: spanId.repeat(16), attributes: { 'millrace.event.id': id } });
    store.addSpans(origin, [event('one', '1'), event('one', '2')]);
    await store.flush();
    expect((await store.searchTraces({ limit: 1 }))[0]!.eventId).toBe('one');
    store.addSpans(origin, [event('two', '3'), event('one', '4')]);
    await store.flush();
    expect((await store.searchTraces({ limit: 1 }))[0]!.eventId).toBeNull();
    expect(await store.searchTraces({ limit: 1, attribute: { key: 'millrace.event.id', value: 'two' } })).toHaveLength(
      1,
    );
  });

  test('drops what it can not keep, counted by reason, and never throws', async () => {
    store.addSpans(origin, [
      span({ traceId: 'no id' }),
      span({ spanId: 'x' }),
      span({ startMs: Number.NaN }),
      span({ spanId: '1'.repeat(16), startMs: 1000, endMs: 1001 }),
      span({ spanId: '2'.repeat(16), startMs: Date.now() + 400 * 24 * 3600_000 }),
      span({ traceId: 'f'.repeat(32), attributes: { text: 'x'.repeat(70_000) } }),
      span(),
    ]);
    await store.flush();
    expect(store.stats()).toMatchObject({
      spans: 1,
      dropped: { malformed: 3, 'too old': 1, 'in the future': 1, 'span too large': 1 },
    });
    // A trace of which nothing is kept is none.
    expect(await store.searchTraces({ limit: 5 })).toHaveLength(1);
  });

  test('a queue that is full drops', async () => {
    const flood = Array.from({ length: maxQueued }, (_, i) =>
      span({ traceId: (i + 1).toString(16).padStart(32, '0'), spanId: 'b'.repeat(16) }),
    );
    store.addSpans(origin, flood);
    expect(store.room()).toBe(0);
    store.addSpans(origin, [span()]);
    store.addLogs([{ ...origin, atMs: base, severity: 'INFO', body: 'x', attributes: {} }]);
    await store.flush();
    expect(store.stats()).toMatchObject({ spans: maxQueued, logs: 0, dropped: { 'queue full': 2 } });
    expect(store.room()).toBe(maxQueued);
  }, 30_000);

  test('keeps metrics by series and time', async () => {
    const point = { ...origin, name: 'lag', unit: '{record}', atMs: base };
    const histogram = { scale: 3, zeroCount: 1, offset: -2, buckets: [0, 4, 1], count: 6, sum: 12.5 };
    store.addMetrics([
      { ...point, attributes: { topic: 'a', partition: 0 }, value: 5 },
      { ...point, attributes: { partition: 0, topic: 'a' }, value: 7, atMs: base + 1000 },
      { ...point, attributes: { topic: 'b', partition: 0 }, value: 1.5 },
      { ...point, name: 'latency', unit: 'ms', attributes: {}, histogram },
    ]);
    await store.flush();
    const found = await store.metric('lag', { attributes: { topic: 'a' } }, base, base + 1000);
    expect(found.map(({ atMs, value }) => [atMs - base, value])).toEqual([
      [0, 5],
      [1000, 7],
    ]);
    expect(await store.metric('lag', { service: 'p.sinks' }, base, base)).toHaveLength(2);
    expect(await store.metric('lag', { service: 'other' }, base, base)).toEqual([]);
    expect((await store.metric('latency', {}, base, base))[0]!.histogram).toEqual(histogram);
    expect(await store.metricNames()).toEqual([
      { name: 'lag', unit: '{record}', series: 2 },
      { name: 'latency', unit: 'ms', series: 1 },
    ]);
  });

  test('keeps logs', async () => {
    const log = { ...origin, severity: 'INFO', attributes: { line: 3 } };
    store.addLogs([
      { ...log, atMs: base, body: 'one % two', traceId: 'a'.repeat(32) },
      { ...log, atMs: base + 5, body: 'two', severity: 'ERROR' },
    ]);
    await store.flush();
    expect((await store.searchLogs({ limit: 10 })).map(({ body }) => body)).toEqual(['two', 'one % two']);
    const [found] = await store.searchLogs({ limit: 10, traceId: 'a'.repeat(32), text: '%' });
    expect(found).toEqual({ ...log, atMs: base, body: 'one % two', traceId: 'a'.repeat(32) });
    expect(await store.searchLogs({ limit: 10, severity: 'ERROR', text: 'one' })).toEqual([]);
  });
});
