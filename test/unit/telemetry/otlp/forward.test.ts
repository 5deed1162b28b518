/** What is received is handed on as it came, by the standard variables, and never holds the receiver up. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createForwarder, type Forwarder } from '../../../../platform/telemetry/otlp/forward.ts';
import { type Receivers, startReceivers } from './harness.ts';
import { makeSpans, serializers } from './sdkData.ts';

interface Seen {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}
let backEnd: Server;
let seen: Seen[];
/** Statuses to answer with, then 200. */
let answers: number[];
let receivers: Receivers | undefined;
let forwarder: Forwarder | undefined;

beforeEach(async () => {
  [seen, answers] = [[], []];
  backEnd = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    seen.push({ url: request.url!, headers: request.headers, body });
    response.writeHead(answers.shift() ?? 200).end();
  });
  await new Promise<void>((resolve) => backEnd.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await forwarder?.close(0);
  await receivers?.close();
  receivers = undefined;
  backEnd.closeAllConnections();
  await new Promise((resolve) => backEnd.close(resolve));
});
const backEndUrl = () => `http://127.0.0.1:${(backEnd.address() as AddressInfo).port}`;
const body = () => Buffer.from(serializers.protobuf.traces.serializeRequest(makeSpans())!);
const request = (bytes: Buffer) => ({ signal: 'traces', contentType: 'application/x-protobuf', body: bytes }) as const;

test('no variable: no forwarder', () => {
  expect(createForwarder({})).toBeUndefined();
  expect(createForwarder({ OTEL_EXPORTER_OTLP_ENDPOINT: 'no url' })).toBeUndefined();
});

test('byte for byte, with the headers that are asked for; what was handed on is not handed on again', async () => {
  forwarder = createForwarder({
    OTEL_EXPORTER_OTLP_ENDPOINT: `${backEndUrl()}/otlp/`,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b',
  });
  receivers = await startReceivers({ forward: forwarder });
  const packed = gzipSync(body());
  const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' };
  const send = (more: Record<string, string>) =>
    fetch(`${receivers!.url}/v1/traces`, { method: 'POST', body: packed, headers: { ...headers, ...more } });
  expect((await send({})).status).toBe(200);
  expect((await send({ 'x-millrace-forwarded': '1' })).status).toBe(200);
  await forwarder!.close(10_000);
  expect(seen).toHaveLength(1);
  expect(seen[0]!.url).toBe('/otlp/v1/traces');
  expect(seen[0]!.headers).toMatchObject({ ...headers, 'x-key': 'a b', 'x-millrace-forwarded': '1' });
  expect(seen[0]!.body.equals(packed)).toBe(true);
  await receivers.store.flush();
  expect(receivers.store.stats().spans).toBe(2);
  expect(forwarder!.counters).toEqual({ forwarded: 1, dropped: {} });
});

test('a signal has an endpoint of its own; one without any is not handed on', async () => {
  forwarder = createForwarder({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${backEndUrl()}/mine` })!;
  forwarder.forward(request(body()));
  forwarder.forward({ ...request(body()), signal: 'logs' });
  await forwarder.close(10_000);
  expect(seen.map(({ url }) => url)).toEqual(['/mine']);
  expect(forwarder.counters).toEqual({ forwarded: 1, dropped: {} });
});

test('a back end that is busy is tried again; one that refuses is not', async () => {
  answers = [503, 429, 200, 400];
  forwarder = createForwarder({ OTEL_EXPORTER_OTLP_ENDPOINT: backEndUrl() })!;
  forwarder.forward(request(body()));
  forwarder.forward(request(body()));
  await forwarder.close(20_000);
  expect(seen).toHaveLength(4);
  expect(forwarder.counters).toEqual({ forwarded: 1, dropped: { 'answer 400': 1 } });
}, 30_000);

test('a back end that is down holds nothing up: the queue is bounded, the rest is dropped and counted', async () => {
  forwarder = createForwarder({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' })!;
  const large = Buffer.alloc(3 * 1024 * 1024);
  for (let i = 0; i < 8; i++) forwarder.forward(request(large));
  expect(forwarder.counters.dropped).toEqual({ 'queue full': 3 });
  await forwarder.close(0);
  forwarder.forward(request(large));
  const { forwarded, dropped } = forwarder.counters;
  expect(forwarded).toBe(0);
  expect(Object.values(dropped).reduce((sum, each) => sum + each, 0)).toBe(9);
});
