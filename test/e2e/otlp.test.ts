/** Spans of a real deploy and flow at an OTLP/HTTP receiver; and a receiver that hangs, or is gone, disturbs nobody. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { DestroyResult } from '../../platform/model/operations.ts';
import type { Trace } from '../../platform/telemetry/traceStore.ts';
import type { VerifyResult } from '../../platform/verify/verify.ts';
import { createTestHome, type TestHome } from './cli.ts';

const minutes = 60_000;
const receiverPort = 18_390;

interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly service: string;
}

const received: ReceivedSpan[] = [];
const held: ServerResponse[] = [];
let hangs = false;
let receiver: Server;
let home: TestHome;

/** The JSON encoding of ExportTraceServiceRequest (OTLP 1.x). */
interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: { stringValue?: string } }[] };
    readonly scopeSpans: readonly { readonly spans: readonly Omit<ReceivedSpan, 'service'>[] }[];
  }[];
}

function keep({ resourceSpans }: ExportRequest): void {
  for (const { resource, scopeSpans } of resourceSpans) {
    const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
    for (const { spans } of scopeSpans) received.push(...spans.map((span) => ({ ...span, service })));
  }
}

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (hangs) return void held.push(response);
    // Metrics have a test of their own: test/conformance/backends.
    if (request.url === '/v1/metrics') return void response.writeHead(200).end();
    expect([request.method, request.url]).toEqual(['POST', '/v1/traces']);
    expect(request.headers['content-type']).toBe('application/json');
    const body = Buffer.concat(chunks);
    keep(JSON.parse(String(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body)));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => receiver.listen(receiverPort, '127.0.0.1', resolve));
  home = createTestHome(18_400, {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${receiverPort}`,
    OTEL_BSP_SCHEDULE_DELAY: '200',
    // Longer than any test here: whatever waits for a receiver that hangs does not end.
    OTEL_EXPORTER_OTLP_TIMEOUT: '3600000',
  });
  await home.json('deploy', 'flight-delays', '--yes');
}, 8 * minutes);

afterAll(async () => {
  await home.purge();
  receiver.closeAllConnections();
  receiver.close();
}, 2 * minutes);

async function untilReceived(where: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan> {
  for (;;) {
    const found = received.find(where);
    if (found) return found;
    await sleep(100);
  }
}

const stages = ['POST /events', 'kafka send', 'spark severe-delays', 'sink store-severe', 'cassandra write'];

/** A verify, and the trace of its watched event from the files. */
async function flowAndTrace(): Promise<Trace> {
  const verified = await home.json<VerifyResult>('verify', 'flight-delays', '--events', '300');
  expect(verified).toMatchObject({ read: 300, lost: 0, duplicated: 0 });
  const trace = await home.json<Trace>('trace', 'flight-delays', '--id', verified.tracedEventId);
  const names = trace.spans.map(({ name }) => name).join('\n');
  for (const stage of stages) expect(names).toContain(stage);
  return trace;
}

test(
  'the deploy is one trace from the command line through the workflow to its steps',
  async () => {
    const root = await untilReceived(({ name }) => name === 'millrace deploy flight-delays');
    const workflow = await untilReceived(({ parentSpanId }) => parentSpanId === root.spanId);
    expect(workflow).toMatchObject({ service: 'millrace.worker', traceId: root.traceId });
    const step = await untilReceived(({ name }) => name === 'first event seen from end to end');
    expect(step).toMatchObject({ parentSpanId: workflow.spanId, traceId: root.traceId });
  },
  2 * minutes,
);

test(
  'an event is one trace through every stage, the same as in the files',
  async () => {
    const { traceId, spans } = await flowAndTrace();
    for (const { spanId, name, service } of spans) {
      const span = await untilReceived((each) => each.traceId === traceId && each.spanId === spanId);
      expect(span).toMatchObject({ name, service });
    }
  },
  3 * minutes,
);

test(
  'a receiver that hangs keeps nobody waiting, and nothing is missing in the files',
  async () => {
    hangs = true;
    await flowAndTrace();
    await home.json('deploy', 'flight-delays', '--yes');
    expect(held.length).toBeGreaterThan(0);
  },
  4 * minutes,
);

test(
  'neither does one that is gone',
  async () => {
    receiver.closeAllConnections();
    await new Promise<void>((resolve) => receiver.close(() => resolve()));
    await flowAndTrace();
    const { ledger } = await home.json<DestroyResult>('destroy', 'flight-delays', '--yes');
    expect(ledger.left).toEqual([]);
  },
  4 * minutes,
);
