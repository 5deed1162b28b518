/**
 * Spans of a real deploy and flow at an OTLP/HTTP receiver; metrics, through it, at a real collector and in VictoriaMetrics, where
 * these can be had; and a receiver that hangs, or is gone, disturbs nobody.
 */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createProcessDriver } from '../../platform/cluster/process/driver.ts';
import { homeAt } from '../../platform/home.ts';
import type { DestroyResult } from '../../platform/model/operations.ts';
import type { PipelineLedger } from '../../platform/observe/ledger.ts';
import type { Trace } from '../../platform/telemetry/traceStore.ts';
import type { VerifyResult } from '../../platform/verify/verify.ts';
import { makeBackEnds } from '../fixtures/backEnds.ts';
import { obtainTools } from '../tools/obtain.ts';
import { createTestHome, type TestHome } from './cli.ts';
import { until } from './until.ts';

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
const tools = await obtainTools('collector', 'victoria-metrics');
if (tools instanceof Error) console.error(`SKIPPED: the back ends can't be had here.\n${tools.message}`);
const ends = tools instanceof Error ? undefined : makeBackEnds(tools, 18_380);
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

/** To the collector, as it came. */
async function handOn(headers: IncomingHttpHeaders, body: Buffer): Promise<number> {
  if (ends === undefined) return 200;
  const kept = ['content-type', 'content-encoding'].flatMap((name) =>
    headers[name] === undefined ? [] : [[name, String(headers[name])] as const],
  );
  const options = { method: 'POST', headers: Object.fromEntries(kept), body: new Uint8Array(body) };
  const answer = await fetch(`${ends.urls.otlp}/v1/metrics`, options);
  await answer.arrayBuffer();
  return answer.status;
}

beforeAll(async () => {
  if (ends !== undefined) await Promise.all([ends.collector.start(), ends.victoriaMetrics.start()]);
  receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (hangs) return void held.push(response);
    if (request.url === '/v1/metrics') {
      return void response.writeHead(await handOn(request.headers, Buffer.concat(chunks))).end();
    }
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
    OTEL_METRIC_EXPORT_INTERVAL: '1000',
    // Longer than any test here: whatever waits for a receiver that hangs does not end.
    OTEL_EXPORTER_OTLP_TIMEOUT: '3600000',
  });
  await home.json('deploy', 'flight-delays', '--yes');
}, 8 * minutes);

afterAll(async () => {
  await home.purge();
  receiver.closeAllConnections();
  receiver.close();
  await ends?.remove();
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

/** Events that each stage has passed on, by the ledger, of all windows. `isEnd`: nothing is on its way any more. */
async function ledgerCounts() {
  const { windows, lost, duplicated } = await home.json<PipelineLedger>('ledger', 'flight-delays');
  const counts: Record<string, number> = {};
  for (const { stages } of windows) for (const { name, count } of stages) counts[name] = (counts[name] ?? 0) + count;
  const isEnd = windows.every(({ state }) => state === 'balanced');
  return { counts, isEnd, lost, duplicated };
}

/** Events by stage in VictoriaMetrics' copy of the histograms of the time from end to end. */
async function storedCounts(): Promise<Record<string, number>> {
  const query = 'sum(millrace_pathway_end_to_end_duration_milliseconds_bucket) by (millrace_stage)';
  const answer = await fetch(`${ends!.urls.metrics}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = (await answer.json()) as {
    data: { result: { metric: { millrace_stage: string }; value: [number, string] }[] };
  };
  return Object.fromEntries(data.result.map(({ metric, value }) => [metric.millrace_stage, Number(value[1])]));
}

/** Where each record is one event: what a job has aggregated is counted as its inputs by the ledger, and as a record by a histogram. */
const oneToOne = ['ingress', 'severe-delays', 'store-flights', 'store-severe', 'alerts'];
const isUpTo = (counts: Readonly<Record<string, number>>, others: Readonly<Record<string, number>>) =>
  oneToOne.every((stage) => counts[stage]! >= others[stage]!);

(ends === undefined ? test.skip : test)(
  'the histograms of the whole pipeline reach VictoriaMetrics, keep up with the ledger, and agree with it once nothing comes any more',
  async () => {
    const { counts: earlier } = await ledgerCounts();
    const flowing = await until(async () => {
      const found = await storedCounts();
      return isUpTo(found, earlier) ? found : undefined;
    });
    await until(async () => isUpTo((await ledgerCounts()).counts, flowing) || undefined);
    const driver = createProcessDriver(homeAt(home.path));
    await driver.stop('flight-delays.feed.0');
    const last = await until(async () => {
      const found = await ledgerCounts();
      return found.isEnd ? found : undefined;
    });
    expect(last).toMatchObject({ lost: 0, duplicated: 0 });
    const stored = await until(async () => {
      const found = await storedCounts();
      return isUpTo(found, last.counts) ? found : undefined;
    });
    const only = (counts: Readonly<Record<string, number>>) => oneToOne.map((stage) => [stage, counts[stage]]);
    expect(only(stored)).toEqual(only(last.counts));
    expect(stored.ingress).toBeGreaterThan(600);
    await driver.resume('flight-delays.feed.0');
  },
  6 * minutes,
);

interface MetricPoint {
  readonly scale: number;
  readonly exemplars?: readonly { readonly traceId: string }[];
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
}

(ends === undefined ? test.skip : test)(
  'they reach the collector as exponential histograms, and their exemplars name traces that the receiver has',
  async () => {
    const stagesWithTraces = () => {
      const known = new Set(received.map(({ traceId }) => traceId));
      const points = ends!
        .received()
        .flatMap(({ resourceMetrics = [] }) => resourceMetrics)
        .flatMap(({ scopeMetrics }) => scopeMetrics)
        .flatMap(({ metrics }) => metrics)
        .filter(({ name }) => name === 'millrace.pathway.end_to_end.duration')
        .flatMap(({ exponentialHistogram }): readonly MetricPoint[] => exponentialHistogram.dataPoints);
      expect(new Set(points.map(({ scale }) => scale))).toEqual(new Set([3]));
      const named = points.filter(({ exemplars = [] }) => exemplars.some(({ traceId }) => known.has(traceId)));
      const attributes = named.flatMap((point) => point.attributes);
      return new Set(attributes.flatMap(({ key, value }) => (key === 'millrace.stage' ? [value.stringValue] : [])));
    };
    await until(async () => ['ingress', 'store-flights'].every((stage) => stagesWithTraces().has(stage)) || undefined);
  },
  2 * minutes,
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
