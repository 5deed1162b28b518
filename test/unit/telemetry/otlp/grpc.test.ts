import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { createOtlpGrpc } from '../../../../platform/telemetry/otlp/grpc.ts';
import { maxQueued } from '../../../../platform/telemetry/store/open.ts';
import { type Receivers, startReceivers } from './harness.ts';
import { makeLogs, makeMetrics, makeSpans, serializers } from './sdkData.ts';

const services = {
  traces: 'opentelemetry.proto.collector.trace.v1.TraceService',
  metrics: 'opentelemetry.proto.collector.metrics.v1.MetricsService',
  logs: 'opentelemetry.proto.collector.logs.v1.LogsService',
} as const;

let receivers: Receivers;
let client: Client;
beforeEach(() => open());
afterEach(() => close());

async function open(token?: string): Promise<void> {
  receivers = await startReceivers({ token });
  client = new Client(`127.0.0.1:${receivers.grpcPort}`, credentials.createInsecure(), {
    // gzip, as exporters have it.
    'grpc.default_compression_algorithm': 2,
  });
}
async function close(): Promise<void> {
  client.close();
  await receivers.close();
}

function send(signal: keyof typeof services, body: Uint8Array, metadata = new Metadata()): Promise<Buffer> {
  const bytes = (value: Buffer) => value;
  return new Promise((resolve, reject) => {
    const path = `/${services[signal]}/Export`;
    client.makeUnaryRequest(path, bytes, bytes, Buffer.from(body), metadata, (error, answer) =>
      error === null ? resolve(answer!) : reject(error),
    );
  });
}
const codeOf = (sent: Promise<Buffer>) =>
  sent.then(
    () => status.OK,
    (error: ServiceError) => error.code,
  );

test('traces, metrics and logs', async () => {
  const spans = makeSpans();
  const { traceId } = spans[0]!.spanContext();
  expect(await send('traces', serializers.protobuf.traces.serializeRequest(spans)!)).toHaveLength(0);
  await send('metrics', serializers.protobuf.metrics.serializeRequest(await makeMetrics())!);
  await send('logs', serializers.protobuf.logs.serializeRequest(makeLogs(traceId) as never)!);
  await receivers.store.flush();
  expect((await receivers.store.trace(traceId))!.spans.map(({ name }) => name)).toEqual(['GET /cart', 'redis GET']);
  expect(receivers.store.stats()).toMatchObject({ spans: 2, metricPoints: 4, logs: 2, dropped: {} });
  expect(await receivers.store.searchLogs({ limit: 9, traceId })).toHaveLength(2);
});

test('partial success, and what is no request', async () => {
  const [span] = makeSpans();
  const nameless = { ...span!, spanContext: () => ({ ...span!.spanContext(), spanId: '0'.repeat(16) }) };
  const answer = await send('traces', serializers.protobuf.traces.serializeRequest([nameless as never])!);
  expect(ProtobufTraceSerializer.deserializeResponse(answer).partialSuccess).toMatchObject({ rejectedSpans: 1 });
  expect(await codeOf(send('traces', Buffer.from('no protobuf at all')))).toBe(status.INVALID_ARGUMENT);
  expect(await codeOf(send('traces', Buffer.alloc(5 * 1024 * 1024, 1)))).toBe(status.RESOURCE_EXHAUSTED);
});

test('a store that is behind asks the sender to try again', async () => {
  const log = { service: 'flood', instance: '', atMs: Date.now(), severity: 'INFO', body: 'x', attributes: {} };
  const body = serializers.protobuf.traces.serializeRequest(makeSpans())!;
  await send('traces', body);
  receivers.store.addLogs(Array.from({ length: receivers.store.room() - 1 }, () => log));
  expect(await codeOf(send('traces', body))).toBe(status.UNAVAILABLE);
  await receivers.store.flush();
  expect(receivers.store.room()).toBe(maxQueued);
  expect(await codeOf(send('traces', body))).toBe(status.OK);
});

test('with a token, a call without it is refused', async () => {
  await close();
  await open('secret');
  const body = serializers.protobuf.traces.serializeRequest(makeSpans())!;
  expect(await codeOf(send('traces', body))).toBe(status.UNAUTHENTICATED);
  const metadata = new Metadata();
  metadata.set('authorization', 'Bearer secret');
  expect(await codeOf(send('traces', body, metadata))).toBe(status.OK);
});

test('a port that is taken is named', async () => {
  const { store, grpcPort: port } = receivers;
  await expect(createOtlpGrpc(store, { address: '127.0.0.1', port })).rejects.toMatchObject({
    code: 'OTLP_NOT_LISTENING',
    message: expect.stringContaining(`127.0.0.1:${port}`),
  });
});
