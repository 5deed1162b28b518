import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createTokenBucket } from '../../../platform/model/tokenBucket.ts';
import { recordApiReadSpan } from '../../../platform/telemetry/apiTrace.ts';
import { formatTraceparent, newSpanId, newTraceId } from '../../../platform/telemetry/context.ts';
import { createRequestTraces, recordIngressSpans } from '../../../platform/telemetry/ingressTrace.ts';
import { withSpan } from '../../../platform/telemetry/operation.ts';
import { createSpanRecorder, type SpanRecorder } from '../../../platform/telemetry/recorder.ts';
import { recordSinkSpans, type TracedRecord } from '../../../platform/telemetry/sinkTrace.ts';
import { findTrace, traceNotFound } from '../../../platform/telemetry/traceStore.ts';
import { formatMs, renderWaterfall } from '../../../platform/telemetry/waterfall.ts';

const originMs = 1_795_428_588_000;
const pipeline = 'flight-delays';
let spansDir: string;
let ingress: SpanRecorder;
let sinks: SpanRecorder;
let api: SpanRecorder;

function recorderOf(part: string): SpanRecorder {
  return createSpanRecorder({ service: `${pipeline}.${part}`, instance: `${part}.0`, spansDir, env: {} });
}
beforeEach(async () => {
  spansDir = await mkdtemp(join(tmpdir(), 'millrace-trace-'));
  [ingress, sinks, api] = [recorderOf('ingress'), recorderOf('sinks'), recorderOf('api')];
});
afterEach(async () => {
  // A recorder that is not ended writes what it holds a second later, into the directory made anew.
  await Promise.all([ingress, sinks, api].map((recorder) => recorder.shutdown()));
  await rm(spansDir, { recursive: true, force: true });
});
const flush = () => Promise.all([ingress.flush(), sinks.flush(), api.flush()]);

function enter(eventId: string, startMs: number, caller?: string): string {
  const decision = createRequestTraces(createTokenBucket(100, 100), startMs).decide(caller);
  const times = { startMs, endMs: startMs + 9, sendStartMs: startMs + 1, sendEndMs: startMs + 9 };
  recordIngressSpans(ingress, {
    pipeline,
    topic: `${pipeline}.flights`,
    method: 'POST',
    route: '/events',
    statusCode: 202,
    eventCount: 1,
    ...times,
    events: decision === undefined ? [] : [{ eventId, eventType: 'flight', trace: decision.trace }],
  });
  return decision?.traceparent ?? '';
}

function record(id: string, traceparent: string, timestampMs: number, viaSpark: boolean): TracedRecord {
  const headers = viaSpark ? { 'millrace-job': Buffer.from('severe'), 'millrace-job-in': `${originMs + 5}` } : {};
  return { id, traceparent, raw: { topic: `${pipeline}.out`, partition: 1, offset: '7', timestampMs, headers } };
}

function sink(flow: string, records: readonly TracedRecord[], receivedMs: number): void {
  const store = { system: 'cassandra', namespace: 'flight_delays', target: 'severe' } as const;
  const times = { receivedMs, writeStartMs: receivedMs + 1, writeEndMs: receivedMs + 6 };
  recordSinkSpans(sinks, { pipeline, flow, consumerGroup: `${pipeline}.${flow}`, store, records, ...times });
}

function wholeTrace(eventId: string): string {
  const traceparent = enter(eventId, originMs);
  const viaSpark = record(eventId, traceparent, originMs + 40, true);
  sink('store-severe', [viaSpark], originMs + 50);
  sink('board', [viaSpark], originMs + 55);
  const read = { pipeline, eventId, route: '/flights/:eventId', path: `/flights/${eventId}`, statusCode: 200 };
  recordApiReadSpan(api, { ...read, startMs: originMs + 90, endMs: originMs + 95, storedTraceparent: traceparent });
  return traceparent;
}

describe('the trace of an event', () => {
  test('is one trace from the ingress through Spark and the sinks to the API', async () => {
    const traceparent = wholeTrace('e-1');
    await flush();
    const trace = await findTrace(spansDir, { eventId: 'e-1' });
    expect(trace?.traceId).toBe(traceparent.slice(3, 35));
    expect(trace).toMatchObject({ pipeline, eventId: 'e-1', durationMs: 95, startedAt: '2026-11-23T10:09:48.000Z' });
    expect(trace?.spans.map(({ name, depth, service }) => `${depth} ${name} (${service})`)).toEqual([
      '0 POST /events (flight-delays.ingress)',
      '1 kafka send flight-delays.flights (flight-delays.ingress)',
      '2 spark severe (flight-delays.spark)',
      '3 kafka receive flight-delays.out (flight-delays.sinks)',
      '4 sink store-severe (flight-delays.sinks)',
      '5 cassandra write severe (flight-delays.sinks)',
      '3 kafka receive flight-delays.out (flight-delays.sinks)',
      '4 sink board (flight-delays.sinks)',
      '5 cassandra write severe (flight-delays.sinks)',
      '2 GET /flights/:eventId (flight-delays.api)',
    ]);
    const spark = trace?.spans[2];
    expect(spark).toMatchObject({ offsetMs: 5, durationMs: 35, kind: 'consumer' });
  });

  test('unsampled records in the same batch make no span', async () => {
    const sampled = enter('e-1', originMs);
    const unsampled = formatTraceparent({ traceId: newTraceId(), spanId: newSpanId(), sampled: false });
    const before = sinks.counters.recorded;
    const none = { ...record('e-3', '', originMs, false), traceparent: undefined };
    sink(
      'store',
      [record('e-2', unsampled, originMs, false), record('e-1', sampled, originMs, false), none],
      originMs + 3,
    );
    expect(sinks.counters.recorded - before).toBe(3);
  });

  test('is found by trace id and as the latest of its pipeline; the latest prefers one that reached a store', async () => {
    const stored = wholeTrace('e-1');
    enter('e-2', originMs + 1000);
    await flush();
    const latest = await findTrace(spansDir, { latest: pipeline });
    expect(latest?.traceId).toBe(stored.slice(3, 35));
    expect(await findTrace(spansDir, { traceId: stored.slice(3, 35) })).toEqual({ ...latest });
    expect(await findTrace(spansDir, { latest: 'other' })).toBeUndefined();
    expect(await findTrace(spansDir, { eventId: 'e-' })).toBeUndefined();
  });

  test('is that of the pipeline that was asked for: another may have seen an event of the same id', async () => {
    const stored = wholeTrace('e-1');
    await flush();
    expect((await findTrace(spansDir, { eventId: 'e-1', pipeline }))?.traceId).toBe(stored.slice(3, 35));
    const other = { eventId: 'e-1', pipeline: 'other' };
    expect(await findTrace(spansDir, other)).toBeUndefined();
    expect(traceNotFound(other).message).toContain('event "e-1" of pipeline "other"');
  });

  test('is found among torn lines, foreign files and other traces', async () => {
    wholeTrace('e-1');
    for (let i = 0; i < 200; i++) enter(`other-${i}`, originMs + i);
    await flush();
    await appendFile(
      join(spansDir, `${pipeline}.api-1.ndjson`),
      'no json e-1\n{"resourceSpans":[{"e-1":\n{"millrace.event.id"',
    );
    await writeFile(join(spansDir, 'notes.txt'), 'e-1');
    expect((await findTrace(spansDir, { eventId: 'e-1' }))?.spans).toHaveLength(10);
  });

  test('when it is not there, the error says why as far as that is known', () => {
    expect(traceNotFound({ eventId: 'x' }, true).toJSON().meaning).toContain('was not sampled');
    expect(traceNotFound({ eventId: 'x' }, false).toJSON().meaning).toContain('still on its way');
    expect(traceNotFound({ latest: pipeline }).toJSON()).toMatchObject({ code: 'TRACE_NOT_FOUND', retryable: false });
  });
});

describe('sampling at the ingress', () => {
  test('respects the flag of the caller, continues its trace, and shares the server span of one caller', () => {
    const traces = createRequestTraces(createTokenBucket(1, 1), 0);
    const caller = { traceId: newTraceId(), spanId: newSpanId(), sampled: true };
    const [first, second] = [traces.decide(formatTraceparent(caller)), traces.decide(formatTraceparent(caller))];
    expect(first?.trace).toMatchObject({ traceId: caller.traceId, callerSpanId: caller.spanId });
    expect(second?.trace.serverSpanId).toBe(first?.trace.serverSpanId);
    expect(second?.trace.sendSpanId).not.toBe(first?.trace.sendSpanId);
    expect(first?.traceparent).toBe(`00-${caller.traceId}-${first?.trace.sendSpanId}-01`);
    expect(traces.decide(formatTraceparent({ ...caller, sampled: false }))).toBeUndefined();
  });

  test('a flood without context is sampled up to the limit', () => {
    const limiter = createTokenBucket(20, 20);
    const sampled = (nowMs: number) => {
      const traces = createRequestTraces(limiter, nowMs);
      return Array.from({ length: 1000 }, () => traces.decide(undefined)).filter((decision) => decision !== undefined)
        .length;
    };
    expect(sampled(0)).toBe(20);
    expect(sampled(0)).toBe(0);
    expect(sampled(500)).toBe(10);
    expect(sampled(100_000)).toBe(20);
  });
});

describe('spans of operations', () => {
  test('nest by the traceparent that is handed on, and keep the error', async () => {
    const attributes = { 'millrace.pipeline': pipeline, 'millrace.operation': 'deploy' };
    const deploy = withSpan(
      ingress,
      'deploy flight-delays',
      undefined,
      (cli) => withSpan(sinks, 'kafka.topics', cli, () => Promise.reject(new Error('no broker'))),
      { attributes },
    );
    await expect(deploy).rejects.toThrow('no broker');
    await flush();
    const trace = await findTrace(spansDir, { latestOperation: pipeline });
    expect(trace?.spans.map(({ name, depth, error }) => [name, depth, error])).toEqual([
      ['deploy flight-delays', 0, 'no broker'],
      ['kafka.topics', 1, 'no broker'],
    ]);
  });

  test('under an unsampled parent no span is made', async () => {
    const parent = formatTraceparent({ traceId: newTraceId(), spanId: newSpanId(), sampled: false });
    expect(await withSpan(ingress, 'quiet', parent, async (traceparent) => traceparent)).toBe(parent);
    expect(ingress.counters.recorded).toBe(0);
  });
});

describe('the waterfall', () => {
  test('is aligned, fits the width, and shows each span', async () => {
    wholeTrace('e-1');
    await flush();
    const trace = (await findTrace(spansDir, { eventId: 'e-1' }))!;
    const text = renderWaterfall(trace, { width: 110, color: false });
    const lines = text.trimEnd().split('\n');
    expect(lines[0]).toBe('event e-1 in flight-delays: 10 spans, 4 services');
    expect(lines.slice(4)).toHaveLength(10);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(110);
    const serviceColumn = lines[3]!.indexOf('service');
    expect(lines[6]!.slice(serviceColumn)).toMatch(/^spark +\+5\.00 ms +35\.0 ms/);
    expect(text).not.toContain('\x1b[');
    expect(renderWaterfall(trace, { width: 110, color: true })).toContain('\x1b[');
  });

  test('narrow terminals cut names, not the figures', async () => {
    wholeTrace('e-1');
    await flush();
    const trace = (await findTrace(spansDir, { eventId: 'e-1' }))!;
    for (const line of renderWaterfall(trace, { width: 60, color: false }).split('\n').slice(4, 14)) {
      expect(line).toMatch(/\+[\d.]+ ms +[\d.]+ ms/);
    }
  });

  test.each([
    [0.42, '0.42 ms'],
    [12.34, '12.3 ms'],
    [840.4, '840 ms'],
    [4210, '4.21 s'],
    [42_000, '42.0 s'],
    [125_000, '2 m 05 s'],
  ])('%d ms reads %s', (ms, text) => expect(formatMs(ms)).toBe(text));
});
