import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { batch, binary, data, event, type Running, send, startIngress, structured } from './harness.ts';

let running: Running;
beforeAll(async () => {
  running = await startIngress();
});
afterAll(() => running.ingress.stop());

const json = (value: unknown) => JSON.stringify(value);
const minutesAhead = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();

describe('an invalid event is refused with the path of its fault', () => {
  test.each([
    ['a missing id', event({ id: undefined }), '/id'],
    ['an empty id', event({ id: '' }), '/id'],
    ['a number as id', event({ id: 7 }), '/id'],
    ['an id with a line end', event({ id: 'a\nb' }), '/id'],
    ['an id that is too long', event({ id: 'x'.repeat(201) }), '/id'],
    ['a missing source', event({ source: null }), '/source'],
    ['a missing type', event({ type: undefined }), '/type'],
    ['a missing specversion', event({ specversion: undefined }), '/specversion'],
    ['another specversion', event({ specversion: '0.3' }), '/specversion'],
    ['a time that is none', event({ time: 'yesterday' }), '/time'],
    ['a time as number', event({ time: 5 }), '/time'],
    ['a time too far ahead', event({ time: minutesAhead(6) }), '/time'],
    ['a traceparent that is no string', event({ traceparent: {} }), '/traceparent'],
    ['no data', event({ data: undefined }), '/data'],
    ['data that is null', event({ data: null }), '/data'],
    ['data of another type', event({ data: 'text' }), '/data'],
    ['a data content type that is not JSON', event({ datacontenttype: 'text/xml' }), '/datacontenttype'],
    ['data twice', event({ data_base64: 'e30=' }), '/data_base64'],
    ['base64 that is none', event({ data: undefined, data_base64: '%%' }), '/data_base64'],
    ['base64 that holds no JSON', event({ data: undefined, data_base64: 'AAAA' }), '/data_base64'],
    ['a missing field', event({ data: { origin: 'DTW' } }), '/data/delay_minutes'],
    ['a field of the wrong type', event({ data: { ...data, delay_minutes: '66' } }), '/data/delay_minutes'],
    ['a field too many', event({ data: { ...data, gate: 4 } }), '/data/gate'],
  ])('%s', async (_, body, path) => {
    const answer = await send(running.port, { headers: structured, body: json(body) });
    expect(answer).toMatchObject({ status: 400, body: { code: 'EVENT_INVALID', details: { path } } });
    expect(answer.body.message).toContain(path);
    expect(answer.body.next).toEqual(expect.any(String));
  });

  test.each([
    ['one bad event', [event(), event({ id: 'e-2', data: { ...data, delay_minutes: 1.5 } })], '/1/data/delay_minutes'],
    ['a repeated id', [event(), event({ id: 'e-2' }), event()], '/2/id'],
    ['something that is no event', [event(), 7], '/1'],
    ['no array', event(), '/'],
    ['too many events', Array.from({ length: 5001 }, () => 0), '/5000'],
  ])('a batch with %s is refused whole', async (_, body, path) => {
    const answer = await send(running.port, { headers: batch, body: json(body) });
    expect(answer).toMatchObject({ status: 400, body: { code: 'EVENT_INVALID', details: { path } } });
  });

  test.each([
    ['a missing attribute', { ...binary, 'ce-source': '' }, '/source'],
    ['a bad percent sign', { ...binary, 'ce-id': '%zz' }, '/id'],
    ['an encoded control character', { ...binary, 'ce-type': 'a%00' }, '/type'],
  ])('in binary mode: %s', async (_, headers, path) => {
    const answer = await send(running.port, { headers, body: json(data) });
    expect(answer).toMatchObject({ status: 400, body: { details: { path } } });
  });

  test('none of it reached the producer', () => expect(running.producer.records).toEqual([]));
});

describe('a request that can not be read is refused', () => {
  test.each([
    ['an empty body', '', 'EVENT_BAD_JSON', 400],
    ['half a body', '{"specversion":', 'EVENT_BAD_JSON', 400],
    ['two values', '{}{}', 'EVENT_BAD_JSON', 400],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), 'EVENT_BAD_JSON', 400],
    ['nesting without end', '['.repeat(4000), 'EVENT_BAD_JSON', 400],
    ['more than an event may have', 'x'.repeat(4097), 'EVENT_TOO_LARGE', 413],
  ])('%s', async (_, body, code, status) => {
    expect(await send(running.port, { headers: structured, body })).toMatchObject({ status, body: { code } });
  });

  test.each([
    ['text', 'text/plain'],
    ['CloudEvents in XML', 'application/cloudevents+xml'],
    ['another charset', 'application/cloudevents+json; charset=iso-8859-1'],
    ['no content type', ''],
  ])('%s: 415', async (_, contentType) => {
    const answer = await send(running.port, { headers: { 'content-type': contentType }, body: '{}' });
    expect(answer).toMatchObject({ status: 415, body: { code: 'UNSUPPORTED_MEDIA_TYPE' } });
  });

  test('a compressed body: 415', async () => {
    const headers = { ...structured, 'content-encoding': 'gzip' };
    expect((await send(running.port, { headers, body: 'x' })).status).toBe(415);
  });

  test('another method: 405 with Allow', async () => {
    const answer = await send(running.port, { method: 'GET' });
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' }, body: { code: 'METHOD_NOT_ALLOWED' } });
  });

  test('another path: 404', async () => {
    expect(await send(running.port, { path: '/event' })).toMatchObject({
      status: 404,
      body: { code: 'ROUTE_NOT_FOUND' },
    });
  });

  test('one event of a batch that is too large: 413 with its index', async () => {
    const body = json([event(), event({ id: 'e-2', data: { ...data, note: 'x'.repeat(5000) } })]);
    const answer = await send(running.port, { headers: batch, body });
    expect(answer).toMatchObject({ status: 413, body: { code: 'EVENT_TOO_LARGE', details: { path: '/1' } } });
  });

  test('a batch without end is refused before it was read', async () => {
    const headers = { ...batch, 'content-length': String(10 ** 9) };
    const answer = await send(running.port, { headers, body: '[' }).catch((error) => error);
    expect(answer).toMatchObject({ status: 413, headers: { connection: 'close' } });
  });
});

describe('whatever comes in', () => {
  const attribute = fc.oneof(fc.string({ unit: 'binary' }), fc.anything(), fc.constant('1.0'), fc.constant('e-1'));
  const almostEvent = fc.record(
    {
      specversion: attribute,
      id: attribute,
      source: attribute,
      type: attribute,
      time: attribute,
      data: fc.anything(),
      traceparent: attribute,
    },
    { requiredKeys: [] },
  );
  const text = (value: unknown) =>
    JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part)) ?? '';

  test.each([
    ['structured', structured, almostEvent.map((value) => text({ ...event(), ...value }))],
    ['batch', batch, fc.array(almostEvent).map((values) => text(values.map((value) => ({ ...event(), ...value }))))],
    ['any JSON', structured, fc.json()],
    ['any bytes', batch, fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))],
    ['binary mode with any JSON', binary, fc.json()],
  ] as const)('%s: the answer is 202 or a 4xx that says what to do', async (_, headers, bodies) => {
    await fc.assert(
      fc.asyncProperty(bodies as fc.Arbitrary<string | Buffer>, async (body) => {
        const answer = await send(running.port, { headers, body });
        if (answer.status === 202) return;
        expect(answer.status).toBeGreaterThanOrEqual(400);
        expect(answer.status).toBeLessThan(500);
        expect(answer.body).toMatchObject({
          code: expect.any(String),
          message: expect.any(String),
          next: expect.any(String),
        });
      }),
      { numRuns: 150 },
    );
  });
});
