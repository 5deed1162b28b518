import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { maxQueued } from '../../../../platform/telemetry/store/open.ts';
import { type Receivers, startReceivers } from './harness.ts';
import { contentTypes, makeLogs, makeMetrics, makeSpans, serializers } from './sdkData.ts';

let receivers: Receivers;
beforeAll(async () => {
  receivers = await startReceivers();
});
afterAll(() => receivers.close());

async function post(path: string, body: Uint8Array | string, headers: Record<string, string>) {
  const sent = typeof body === 'string' ? body : new Uint8Array(body);
  const answer = await fetch(`${receivers.url}/v1/${path}`, { method: 'POST', body: sent, headers });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return { status: answer.status, type: answer.headers.get('content-type'), headers: answer.headers, bytes };
}

test('the official exporter: what it sent is found', async () => {
  const spans = makeSpans();
  const exporter = new OTLPTraceExporter({ url: `${receivers.url}/v1/traces` });
  const result = await new Promise<{ code: number }>((resolve) => exporter.export(spans, resolve));
  expect(result.code).toBe(0);
  await exporter.shutdown();
  await receivers.store.flush();
  const { traceId } = spans[0]!.spanContext();
  const [found] = await receivers.store.searchTraces({ limit: 1, attribute: { key: 'whole', value: '-42' } });
  expect(found).toMatchObject({ traceId, name: 'GET /cart', service: 'shop.cart', pipeline: 'shop', errors: 1 });
});

describe.each(['protobuf', 'json'] as const)('as %s', (encoding) => {
  const headers = { 'content-type': contentTypes[encoding] };

  test.each(['plain', 'gzip'])('traces, %s', async (packing) => {
    const spans = makeSpans();
    const { traceId } = spans[0]!.spanContext();
    const body = serializers[encoding].traces.serializeRequest(spans)!;
    const answer =
      packing === 'gzip'
        ? await post('traces', gzipSync(body), { ...headers, 'content-encoding': 'gzip' })
        : await post('traces', body, headers);
    expect([answer.status, answer.type]).toEqual([200, contentTypes[encoding]]);
    expect(answer.bytes).toHaveLength(encoding === 'json' ? 2 : 0);
    await receivers.store.flush();
    const trace = (await receivers.store.trace(traceId))!;
    const [root, child] = trace.spans;
    expect(trace.durationMs).toBe(30.125);
    expect(root).toMatchObject({
      service: 'shop.cart',
      instance: 'cart-7',
      kind: 'server',
      parentSpanId: null,
      error: null,
    });
    expect(root!.attributes).toEqual({
      ...{ 'millrace.pipeline': 'shop', text: 'grün ☂', whole: -42, part: 0.25, yes: true, list: '["a","b"]' },
    });
    expect(child).toMatchObject({
      offsetMs: 0.25,
      durationMs: 20.25,
      kind: 'client',
      depth: 1,
      error: 'no connection',
    });
  });

  test('metrics of every kind', async () => {
    const metrics = await makeMetrics();
    const atMs = metrics.scopeMetrics[0]!.metrics[0]!.dataPoints[0]!.endTime;
    const { status } = await post('metrics', serializers[encoding].metrics.serializeRequest(metrics)!, headers);
    expect(status).toBe(200);
    await receivers.store.flush();
    const newest = async (name: string) => (await receivers.store.metric(name, {}, 0, 1e13)).at(-1)!;
    expect(await newest('temperature')).toMatchObject({ value: -21.5, unit: 'Cel', attributes: { room: 'a' } });
    expect(Math.abs((await newest('temperature')).atMs - (atMs[0] * 1000 + atMs[1] / 1e6))).toBeLessThan(1);
    expect(await newest('orders')).toMatchObject({ value: 7, service: 'shop.cart', attributes: { paid: true } });
    expect((await newest('size')).histogram).toMatchObject({
      bounds: [10, 100],
      buckets: [1, 2, 1],
      count: 4,
      sum: 615,
    });
    const sent = metrics.scopeMetrics[0]!.metrics.find(({ descriptor }) => descriptor.name === 'latency')!
      .dataPoints[0]!;
    const value = sent.value as {
      scale: number;
      zeroCount: number;
      positive: { offset: number; bucketCounts: number[] };
    };
    expect((await newest('latency')).histogram).toEqual({
      ...{ scale: value.scale, zeroCount: 1, offset: value.positive.offset, buckets: value.positive.bucketCounts },
      ...{ count: 6, sum: 1015 },
    });
  });

  test('logs', async () => {
    const traceId = (encoding === 'json' ? 'a' : 'c').repeat(32);
    const records = makeLogs(traceId) as never;
    const { status } = await post('logs', serializers[encoding].logs.serializeRequest(records)!, headers);
    expect(status).toBe(200);
    await receivers.store.flush();
    const found = await receivers.store.searchLogs({ limit: 10, traceId });
    const told = found.map(({ severity, body }) => [severity, body]).sort();
    expect(told).toEqual([
      ['ERROR', 'cart is gone'],
      ['NOTICE', '{"deep":[1,"x"]}'],
    ]);
    expect(found[0]).toMatchObject({ service: 'shop.cart', attributes: { user: 'ada' } });
  });

  test('what is no request is refused with 400, in its own encoding, and stores nothing', async () => {
    const whole = serializers[encoding].traces.serializeRequest(makeSpans())!;
    const before = receivers.store.stats().spans;
    for (const body of [whole.subarray(0, whole.length - 3), Buffer.from('{"resourceSpans":[')]) {
      const answer = await post('traces', body, headers);
      expect([answer.status, answer.type]).toEqual([400, contentTypes[encoding]]);
      expect(answer.bytes.length).toBeGreaterThan(2);
    }
    await receivers.store.flush();
    expect(receivers.store.stats().spans).toBe(before);
  });
});

test('what a request holds that is no span is told by partial success; the rest is stored', async () => {
  const good = {
    traceId: 'd'.repeat(32),
    spanId: 'd'.repeat(16),
    name: 'x',
    kind: 1,
    startTimeUnixNano: `${Date.now()}000000`,
  };
  const bad = [
    { ...good, traceId: '' },
    { ...good, spanId: '0'.repeat(16) },
    { ...good, startTimeUnixNano: 'yesterday' },
  ];
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [...bad, good] }] }] });
  const answer = await post('traces', body, { 'content-type': 'application/json' });
  expect(answer.status).toBe(200);
  expect(JSON.parse(Buffer.from(answer.bytes).toString())).toEqual({
    partialSuccess: { rejectedSpans: '3', errorMessage: 'a span has no start' },
  });
  await receivers.store.flush();
  expect((await receivers.store.trace('d'.repeat(32)))!.spans).toHaveLength(1);
});

test("partial success as protobuf is understood by the SDK's own reader", async () => {
  const [span] = makeSpans();
  const nameless = { ...span!, spanContext: () => ({ ...span!.spanContext(), spanId: '0'.repeat(16) }) };
  const body = ProtobufTraceSerializer.serializeRequest([nameless as never])!;
  const { status, bytes } = await post('traces', body, { 'content-type': 'application/x-protobuf' });
  expect(status).toBe(200);
  expect(ProtobufTraceSerializer.deserializeResponse(bytes)).toMatchObject({
    partialSuccess: { rejectedSpans: 1, errorMessage: 'a span has no valid span id' },
  });
});

test('limits: size as sent and unpacked, encodings, content types', async () => {
  const json = { 'content-type': 'application/json' };
  expect((await post('traces', 'x'.repeat(5 * 1024 * 1024), json)).status).toBe(413);
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  expect((await post('traces', bomb, { ...json, 'content-encoding': 'gzip' })).status).toBe(413);
  expect((await post('traces', 'no gzip', { ...json, 'content-encoding': 'gzip' })).status).toBe(400);
  expect((await post('traces', '{}', { ...json, 'content-encoding': 'br' })).status).toBe(415);
  expect((await post('traces', '{}', { 'content-type': 'text/plain' })).status).toBe(415);
  expect((await post('traces', '{}', { 'content-type': 'application/json; charset=utf-8' })).status).toBe(200);
  expect((await fetch(`${receivers.url}/v1/traces`)).status).toBe(404);
});

test('a store that is behind asks the sender to try again, and takes it then', async () => {
  const log = { service: 'flood', instance: '', atMs: Date.now(), severity: 'INFO', body: 'x', attributes: {} };
  receivers.store.addLogs(Array.from({ length: maxQueued - 1 }, () => log));
  const body = serializers.protobuf.traces.serializeRequest(makeSpans())!;
  const headers = { 'content-type': 'application/x-protobuf' };
  const refused = await post('traces', body, headers);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
  await receivers.store.flush();
  expect((await post('traces', body, headers)).status).toBe(200);
  expect(receivers.store.stats().dropped).toEqual({});
});

describe('with a token', () => {
  let guarded: Receivers | undefined;
  afterEach(() => guarded?.close());
  test('a request without it is refused', async () => {
    guarded = await startReceivers({ token: 'secret' });
    const send = (authorization?: string) =>
      fetch(`${guarded!.url}/v1/traces`, {
        method: 'POST',
        body: '{}',
        headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
      });
    expect((await send()).status).toBe(401);
    expect((await send('Bearer secreT')).status).toBe(401);
    expect((await send('Bearer secret')).status).toBe(200);
  });
});

test('while 16 requests are being read, others are asked to try again; one that is given up makes room', async () => {
  const slow = Array.from({ length: 16 }, () => {
    const open = request(`${receivers.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': 2 },
    });
    open.on('error', () => {});
    open.write('{');
    return {
      open,
      answered: new Promise<number>((resolve) => open.on('response', (it) => resolve(it.resume().statusCode!))),
    };
  });
  const one = async () => (await post('traces', '{}', { 'content-type': 'application/json' })).status;
  const until = async (wanted: number) => {
    for (const deadline = Date.now() + 10_000; (await one()) !== wanted; )
      if (Date.now() > deadline) throw new Error(`never ${wanted}`);
  };
  await until(429);
  slow[0]!.open.destroy();
  await until(200);
  for (const { open } of slow.slice(1)) open.end('}');
  expect(await Promise.all(slow.slice(1).map(({ answered }) => answered))).toEqual(Array(15).fill(200));
});
