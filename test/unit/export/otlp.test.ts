/** The wire: our encoding is that of the official transformer, and has the exemplars that it lacks; and nobody waits for a receiver. */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, MetricReader, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { createMetricExport, type MetricExportOptions } from '../../../platform/telemetry/export/metricExport.ts';
import { encodeJson, encodeProtobuf, exportRequest } from '../../../platform/telemetry/export/otlp.ts';
import { createMetricProducer } from '../../../platform/telemetry/export/producer.ts';
import { bornMs, sightOf, sink, spanId, traceId } from './sights.ts';
import { readWire, sorted, within } from './wire.ts';

const latencies = [0, 3, 4, 5, 70, 900, 4000];

function passed() {
  const store = sink('store');
  store.pass(latencies, bornMs + 1000);
  return store;
}

async function collected(): Promise<ResourceMetrics> {
  const store = passed();
  const producer = createMetricProducer({
    read: () => [sightOf([store], { state: 'flowing' })],
    now: () => bornMs + 2000,
  });
  const { resourceMetrics, errors } = await producer.collect();
  expect(errors).toEqual([]);
  return { ...resourceMetrics, resource: resourceFromAttributes({ 'service.name': 'millrace.api', n: 3 }) };
}

/** Only the histogram of the time from end to end. */
async function endToEnd(): Promise<ResourceMetrics> {
  const { resource, scopeMetrics } = await collected();
  const metrics = scopeMetrics[0]!.metrics.filter(({ descriptor }) => descriptor.name.endsWith('end_to_end.duration'));
  return { resource, scopeMetrics: [{ scope: { name: 'millrace' }, metrics }] };
}

describe('protocol buffers', () => {
  const point = [1, 2, 2, 10, 1] as const;

  test('of a histogram are those of the official transformer, and exemplars and the threshold of zero besides', async () => {
    const request = await endToEnd();
    const [ours, theirs] = [
      encodeProtobuf(exportRequest(request)),
      ProtobufMetricsSerializer.serializeRequest(request)!,
    ];
    const own = readWire(within(ours, ...point)).filter(({ number }) => number !== 11 && number !== 14);
    // An empty message of negative buckets says nothing.
    const official = readWire(within(theirs, ...point)).filter(({ number }) => number !== 9);
    expect(sorted(own)).toEqual(sorted(official));
    // A count of no dropped attributes says nothing either.
    const resource = (bytes: Uint8Array) => readWire(within(bytes, 1, 1)).filter(({ number }) => number === 1);
    expect(resource(ours)).toEqual(resource(theirs));
    expect(sorted(readWire(within(ours, 1, 2, 1)))).toEqual(sorted(readWire(within(theirs, 1, 2, 1))));
    const exemplar = readWire(within(ours, ...point, 11));
    expect(exemplar).toContainEqual({ number: 5, type: 2, bytes: traceId });
    expect(exemplar).toContainEqual({ number: 4, type: 2, bytes: spanId });
  });

  test('of all other metrics are those of the official transformer', async () => {
    const { resource, scopeMetrics } = await collected();
    const others = scopeMetrics[0]!.metrics.filter(({ descriptor }) => !descriptor.name.endsWith('duration'));
    expect(others.length).toBeGreaterThan(5);
    for (const metric of others) {
      const request = { resource, scopeMetrics: [{ scope: { name: 'millrace' }, metrics: [metric] }] };
      const [ours, theirs] = [
        encodeProtobuf(exportRequest(request)),
        ProtobufMetricsSerializer.serializeRequest(request)!,
      ];
      const inner = metric.dataPointType === 2 ? 5 : 7;
      for (const path of [
        [1, 2, 2, inner],
        [1, 2, 2, inner, 1],
      ]) {
        if (path.length === 4) {
          const flags = (bytes: Uint8Array) => readWire(within(bytes, ...path)).filter(({ number }) => number !== 1);
          expect(sorted(flags(ours))).toEqual(sorted(flags(theirs)));
        } else expect(sorted(readWire(within(ours, ...path)))).toEqual(sorted(readWire(within(theirs, ...path))));
      }
    }
  });
});

test('the JSON form says the same as the official one, with exemplars', async () => {
  const request = await endToEnd();
  const read = (bytes: Uint8Array) =>
    JSON.parse(Buffer.from(bytes).toString()).resourceMetrics[0].scopeMetrics[0].metrics[0].exponentialHistogram;
  const ours = read(encodeJson(exportRequest(request)));
  const theirs = read(JsonMetricsSerializer.serializeRequest(request)!);
  expect(ours.aggregationTemporality).toBe(theirs.aggregationTemporality);
  const [{ exemplars, zeroThreshold, ...own }] = ours.dataPoints;
  const [{ negative: _empty, ...official }] = theirs.dataPoints;
  const numbers = (point: typeof own) => ({
    ...{ ...point, count: Number(point.count), zeroCount: Number(point.zeroCount) },
    positive: { ...point.positive, bucketCounts: point.positive.bucketCounts.map(Number) },
  });
  expect(numbers(own)).toEqual(numbers(official));
  expect([zeroThreshold, own.count]).toEqual([1, String(latencies.length)]);
  expect(exemplars).toEqual([{ timeUnixNano: `${bornMs + 1000}000000`, asDouble: 0, traceId, spanId }]);
});

test('any reader of the SDK can be attached to the producer', async () => {
  const store = passed();
  class OnDemand extends MetricReader {
    protected override async onForceFlush(): Promise<void> {}
    protected override async onShutdown(): Promise<void> {}
  }
  const reader = new OnDemand({ metricProducers: [createMetricProducer({ read: () => [sightOf([store])] })] });
  const provider = new MeterProvider({ readers: [reader] });
  const { resourceMetrics } = await reader.collect();
  expect(
    resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics.map(({ descriptor }) => descriptor.name)),
  ).toContain('millrace.pathway.edge.duration');
  await provider.shutdown();
});

test('what can not be read is an error of the collection, and keeps nobody from the next', async () => {
  let broken = true;
  const read = () => {
    if (broken) throw new Error('no answer');
    return [sightOf([passed()])];
  };
  const producer = createMetricProducer({ read });
  expect((await producer.collect()).errors).toHaveLength(1);
  broken = false;
  expect((await producer.collect()).resourceMetrics.scopeMetrics).toHaveLength(1);
});

describe('the export', () => {
  interface Request {
    readonly url: string;
    readonly headers: IncomingHttpHeaders;
    readonly body: Buffer;
  }
  let server: Server | undefined;
  const asked: Request[] = [];
  const variables: string[] = [];

  async function receiver(answer: (response: ServerResponse) => void): Promise<string> {
    asked.length = 0;
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      asked.push({ url: request.url!, headers: request.headers, body: Buffer.concat(chunks) });
      answer(response);
    });
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** The transport reads the process's own environment. */
  function exportTo(env: Readonly<Record<string, string>>, drops?: MetricExportOptions['drops']) {
    for (const [name, text] of Object.entries(env)) {
      process.env[name] = text;
      variables.push(name);
    }
    const store = passed();
    const read = () => [sightOf([store])];
    return createMetricExport({
      read,
      service: 'millrace.api',
      instance: 'millrace.api.0',
      env: process.env,
      ...(drops && { drops }),
    });
  }

  afterEach(() => {
    for (const name of variables.splice(0)) delete process.env[name];
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });

  test('follows the standard variables: endpoint, headers, compression, resource', async () => {
    const metrics = exportTo({
      OTEL_EXPORTER_OTLP_ENDPOINT: await receiver((response) => response.writeHead(200).end()),
      OTEL_EXPORTER_OTLP_HEADERS: 'x-token=t1',
      OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: 'gzip',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    });
    await metrics.shutdown();
    expect(asked).toHaveLength(1);
    const [{ url, headers, body }] = asked as [Request];
    expect(url).toBe('/v1/metrics');
    expect(headers).toMatchObject({ 'x-token': 't1', 'content-type': 'application/x-protobuf' });
    const request = gunzipSync(body);
    expect(Buffer.from(within(request, 1, 1)).toString('latin1')).toContain('deployment.environment.name');
    expect(metrics.counters.exportedPoints).toBeGreaterThan(10);
    expect(metrics.counters).toMatchObject({ droppedPoints: 0, lastFailure: undefined });
  });

  test('speaks JSON when asked, at an endpoint of its own', async () => {
    const url = await receiver((response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
    const metrics = exportTo({
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${url}/here`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    });
    await metrics.shutdown();
    expect(asked[0]).toMatchObject({ url: '/here', headers: { 'content-type': 'application/json' } });
    expect(JSON.parse(String(asked[0]!.body)).resourceMetrics).toHaveLength(1);
  });

  test('counts what a receiver refuses, all or in part, as dropped', async () => {
    let status = 400;
    const metrics = exportTo({
      OTEL_EXPORTER_OTLP_ENDPOINT: await receiver((response) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(status === 200 ? '{"partialSuccess":{"rejectedDataPoints":"2","errorMessage":"too old"}}' : '');
      }),
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    });
    await metrics.flush();
    const refused = metrics.counters.droppedPoints;
    expect(refused).toBeGreaterThan(10);
    expect(metrics.counters).toMatchObject({ exportedPoints: 0, lastFailure: expect.any(String) });
    status = 200;
    await metrics.flush();
    expect(metrics.counters).toMatchObject({
      ...{ droppedPoints: refused + 2, exportedPoints: refused - 2, lastFailure: undefined },
    });
    await metrics.shutdown();
  });

  test('tells what else this process dropped, by signal, from zero on', async () => {
    const url = await receiver((response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
    const task = 'millrace.api.0';
    const metrics = exportTo(env, () => [
      { task, signal: 'forwarded', reason: 'unreachable', count: 3 },
      { task, signal: 'forwarded', reason: 'answer 400', count: 1 },
    ]);
    await metrics.shutdown();
    const [{ scopeMetrics }] = JSON.parse(String(asked[0]!.body)).resourceMetrics;
    const dropped = scopeMetrics
      .flatMap(({ metrics: all }: { metrics: readonly Named[] }) => all)
      .find(({ name }: Named) => name === 'millrace.telemetry.dropped') as Named;
    const told = dropped.sum.dataPoints.map(({ attributes, asInt }) => [
      attributes.find(({ key }) => key === 'millrace.telemetry.signal')!.value.stringValue,
      asInt,
    ]);
    expect(told).toEqual([
      ['metrics', '0'],
      ['spans', '0'],
      ['forwarded', '4'],
    ]);
  });

  test('does not wait for a receiver that hangs, and says that its points are dropped', async () => {
    const metrics = exportTo({
      OTEL_EXPORTER_OTLP_ENDPOINT: await receiver(() => {}),
      OTEL_EXPORTER_OTLP_TIMEOUT: '150',
    });
    await metrics.flush();
    while (metrics.counters.droppedPoints === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(metrics.counters.exportedPoints).toBe(0);
    expect(asked.length).toBeGreaterThan(0);
    await metrics.shutdown();
  });

  test.each([
    [{}],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_METRICS_EXPORTER: 'none' }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' }],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:1' }],
  ])('is off with %j', async (env) => {
    const metrics = exportTo(env);
    expect(metrics.enabled).toBe(false);
    await metrics.shutdown();
  });
});

interface Named {
  readonly name: string;
  readonly sum: {
    readonly dataPoints: readonly {
      readonly asInt: string;
      readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];
    }[];
  };
}
