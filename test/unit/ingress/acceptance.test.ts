import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { unavailable } from '../../../platform/connectors/http/fault.ts';
import { newSpanId, newTraceId } from '../../../platform/telemetry/context.ts';
import { findTrace } from '../../../platform/telemetry/traceStore.ts';
import { batch, binary, data, event, type Limits, type Running, send, startIngress, structured } from './harness.ts';

let running: Running;
afterEach(() => running.ingress.stop());
async function start(limits: Limits = {}, spansDir?: string): Promise<Running> {
  running = await startIngress(limits, spansDir);
  return running;
}
const json = (value: unknown) => JSON.stringify(value);

describe('an accepted event', () => {
  test.each([
    ['binary mode', binary, json(data)],
    ['structured mode', structured, json(event())],
    [
      'structured mode, data in base64',
      structured,
      json(event({ data: undefined, data_base64: Buffer.from(json(data)).toString('base64') })),
    ],
    ['batch mode', batch, json([event()])],
    ['a charset that is named', { 'content-type': 'application/cloudevents+json; charset="UTF-8"' }, json(event())],
  ])('in %s becomes the same record', async (_, headers, body) => {
    const { port, producer } = await start();
    const answer = await send(port, { headers, body });
    expect(answer).toMatchObject({ status: 202, body: { accepted: 1, ids: ['e-1'] } });
    const { key, value, headers: recordHeaders } = producer.records[0]!;
    expect([key, value]).toEqual(['e-1', json(data)]);
    expect(recordHeaders).toMatchObject({ ce_id: 'e-1', ce_type: 'flight', ce_source: '/test', ce_specversion: '1.0' });
    expect(Math.abs(Date.parse(recordHeaders.ce_time!) - Date.now())).toBeLessThan(60_000);
    expect(recordHeaders['millrace-pathway']).toMatch(/^2;[0-9a-f]{16};(\d{13});\1$/);
  });

  test('keeps its time, in UTC; its id may hold any letter', async () => {
    const { port, producer } = await start();
    const headers = { ...binary, 'ce-id': encodeURIComponent('flüge/1'), 'ce-time': '2026-11-23T10:00:00.5+01:00' };
    expect((await send(port, { headers, body: json(data) })).body.ids).toEqual(['flüge/1']);
    expect(producer.records[0]!.headers).toMatchObject({ ce_id: 'flüge/1', ce_time: '2026-11-23T09:00:00.500Z' });
  });

  test('is keyed by the field that the topic names, or by its id where that field is null', async () => {
    const { port, producer } = await start({ key: 'note' });
    const body = json([event({ data: { ...data, note: 'n' } }), event({ id: 'e-2' })]);
    await send(port, { headers: batch, body });
    expect(producer.records.map((record) => record.key)).toEqual(['n', 'e-2']);
  });

  test("does not keep a caller's pathway", async () => {
    const { port, producer } = await start();
    await send(port, { headers: { ...binary, 'ce-pathway': 'x', 'millrace-pathway': 'x' }, body: json(data) });
    expect(producer.records[0]!.headers['millrace-pathway']).toMatch(/^2;[0-9a-f]{16};/);
  });

  test('is acknowledged only after the producer has been', async () => {
    const { port, producer } = await start();
    let acknowledge = () => {};
    producer.gate = () => new Promise((resolve) => (acknowledge = resolve));
    let answered = false;
    const sending = send(port, { headers: structured, body: json(event()) }).then((answer) => {
      answered = true;
      return answer;
    });
    while (running.ingress.metrics().inFlightEvents !== 1) await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    acknowledge();
    expect((await sending).status).toBe(202);
    expect(running.ingress.metrics()).toMatchObject({ inFlightEvents: 0, inFlightBytes: 0, acceptedEvents: 1 });
  });

  test('an empty batch is accepted', async () => {
    const { port } = await start();
    expect(await send(port, { headers: batch, body: '[]' })).toMatchObject({ status: 202, body: { accepted: 0 } });
  });
});

describe('back-pressure', () => {
  test('too fast: 429 with Retry-After, and what was refused was not stored', async () => {
    const { port, producer } = await start({ maxEventsPerSecond: 10 });
    const body = (first: number) => json(Array.from({ length: 8 }, (_, i) => event({ id: `e-${first + i}` })));
    expect((await send(port, { headers: batch, body: body(0) })).status).toBe(202);
    const refused = await send(port, { headers: batch, body: body(8) });
    expect(refused).toMatchObject({ status: 429, body: { code: 'EVENTS_TOO_FAST' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(producer.records).toHaveLength(8);
  });

  test('Kafka not connected: 503 with Retry-After that says what is waited for', async () => {
    const { port, producer } = await start();
    producer.waiting = 'Kafka: connect ECONNREFUSED';
    const answer = await send(port, { headers: structured, body: json(event()) });
    expect(answer).toMatchObject({
      status: 503,
      body: { code: 'INGRESS_UNAVAILABLE' },
      headers: { 'retry-after': '1' },
    });
    expect(answer.body.message).toContain('ECONNREFUSED');
    expect(running.ingress.waitingFor()).toBe('Kafka: connect ECONNREFUSED');
  });

  test('no acknowledgement: 503, never 202', async () => {
    const { port, producer } = await start();
    producer.gate = () => Promise.reject(unavailable('Kafka did not acknowledge'));
    expect((await send(port, { headers: structured, body: json(event()) })).status).toBe(503);
    expect(running.ingress.metrics()).toMatchObject({ acceptedEvents: 0, inFlightEvents: 0 });
  });

  test('too much on its way: 503', async () => {
    const { port, producer } = await start();
    let acknowledge = () => {};
    const gate = new Promise<void>((resolve) => (acknowledge = resolve));
    producer.gate = () => gate;
    const body = (n: number) => json(Array.from({ length: 5000 }, (_, i) => event({ id: `e-${n}-${i}` })));
    const first = [0, 1, 2, 3].map((n) => send(port, { headers: batch, body: body(n) }));
    while (running.ingress.metrics().inFlightEvents !== 20_000) await new Promise((resolve) => setImmediate(resolve));
    expect((await send(port, { headers: structured, body: json(event()) })).status).toBe(503);
    acknowledge();
    for (const sending of first) expect((await sending).status).toBe(202);
  });

  test('a request in flight is answered when the ingress is stopped', async () => {
    const { port, producer, ingress } = await start();
    let acknowledge = () => {};
    producer.gate = () => new Promise((resolve) => (acknowledge = resolve));
    const sending = send(port, { headers: structured, body: json(event()) });
    while (ingress.metrics().inFlightEvents !== 1) await new Promise((resolve) => setImmediate(resolve));
    const stopping = ingress.stop();
    acknowledge();
    expect((await sending).status).toBe(202);
    await stopping;
    await expect(send(port, { headers: structured, body: json(event()) })).rejects.toThrow('ECONNREFUSED');
    await start();
  });
});

describe('the trace context', () => {
  test("of the caller is continued, and the record names the send span of the caller's trace", async () => {
    const spansDir = await mkdtemp(join(tmpdir(), 'millrace-ingress-'));
    const { port, producer, recorder } = await start({}, spansDir);
    const [traceId, caller] = [newTraceId(), newSpanId()];
    await send(port, { headers: { ...binary, traceparent: `00-${traceId}-${caller}-01` }, body: json(data) });
    await recorder.shutdown();
    const trace = await findTrace(spansDir, { eventId: 'e-1' });
    await rm(spansDir, { recursive: true });
    expect(trace?.traceId).toBe(traceId);
    const [server, sent] = trace!.spans;
    expect([server?.name, server?.parentSpanId]).toEqual(['POST /events', caller]);
    expect([sent?.name, sent?.parentSpanId]).toEqual(['kafka send flight-delays.flights', server?.spanId]);
    expect(producer.records[0]!.headers.traceparent).toBe(`00-${traceId}-${sent?.spanId}-01`);
  });

  test("of each event of a batch wins over the request's; unsampled ones carry none", async () => {
    const { port, producer } = await start();
    const [one, other] = [newTraceId(), newTraceId()];
    const body = json([
      event({ traceparent: `00-${one}-${newSpanId()}-01` }),
      event({ id: 'e-2', traceparent: `00-${newTraceId()}-${newSpanId()}-00` }),
      event({ id: 'e-3' }),
    ]);
    await send(port, { headers: { ...batch, traceparent: `00-${other}-${newSpanId()}-01` }, body });
    const traceIds = producer.records.map((record) => record.headers.traceparent?.slice(3, 35));
    expect(traceIds).toEqual([one, undefined, other]);
  });
});
