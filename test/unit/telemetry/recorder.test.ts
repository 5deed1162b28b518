import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { newSpanId, newTraceId } from '../../../platform/telemetry/context.ts';
import { createSpanRecorder } from '../../../platform/telemetry/recorder.ts';
import type { SpanData } from '../../../platform/telemetry/span.ts';
import { pruneDirectory } from '../../../platform/telemetry/spanFiles.ts';

let spansDir: string;
beforeEach(async () => {
  spansDir = await mkdtemp(join(tmpdir(), 'millrace-spans-'));
});
afterEach(() => rm(spansDir, { recursive: true, force: true }));

function span(over: Partial<SpanData> = {}): SpanData {
  return {
    name: 'work',
    kind: 'internal',
    traceId: newTraceId(),
    spanId: newSpanId(),
    startMs: 1795428587990.49,
    endMs: 1795428588039.783,
    attributes: { text: 'a"b', whole: 3, part: 0.5, yes: true, none: undefined, list: ['x', 'y'] },
    ...over,
  };
}

describe('span recorder', () => {
  test('writes the standard JSON encoding, one export request per line', async () => {
    const recorder = createSpanRecorder({ service: 'p.ingress', instance: 'p.ingress.0', spansDir, env: {} });
    const parentSpanId = newSpanId();
    const sent = span({ parentSpanId, error: 'broken', links: [{ traceId: newTraceId(), spanId: newSpanId() }] });
    recorder.record(sent);
    recorder.record(span({ service: 'p.spark' }));
    await recorder.shutdown();

    const [name] = await readdir(spansDir);
    expect(name).toBe(`p.ingress-${process.pid}.ndjson`);
    const lines = (await readFile(join(spansDir, name!), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const services = lines.map((line) => line.resourceSpans[0].resource.attributes[0].value.stringValue);
    expect(services).toEqual(['p.ingress', 'p.spark']);
    expect(lines[0].resourceSpans[0].scopeSpans[0].spans[0]).toEqual({
      traceId: sent.traceId,
      spanId: sent.spanId,
      parentSpanId,
      flags: 1,
      name: 'work',
      kind: 1,
      startTimeUnixNano: '1795428587990490000',
      endTimeUnixNano: '1795428588039783000',
      attributes: [
        { key: 'text', value: { stringValue: 'a"b' } },
        { key: 'whole', value: { intValue: '3' } },
        { key: 'part', value: { doubleValue: 0.5 } },
        { key: 'yes', value: { boolValue: true } },
        { key: 'list', value: { arrayValue: { values: [{ stringValue: 'x' }, { stringValue: 'y' }] } } },
      ],
      links: sent.links,
      status: { code: 2, message: 'broken' },
    });
    expect(recorder.counters).toEqual({ recorded: 2, written: 2, dropped: 0, undelivered: 0 });
  });

  test('turns files over and keeps no more than it may', async () => {
    const limits = { fileBytes: 20_000, filesPerProcess: 3, directoryBytes: 1_000_000 };
    const recorder = createSpanRecorder({ service: 's', instance: 's', spansDir, env: {}, limits });
    for (let round = 0; round < 12; round++) {
      for (let i = 0; i < 30; i++) recorder.record(span());
      await recorder.flush();
    }
    const names = await readdir(spansDir);
    expect(names).toHaveLength(3);
    for (const name of names) expect((await stat(join(spansDir, name))).size).toBeLessThanOrEqual(20_000);
    expect(recorder.counters.written).toBe(360);
  });

  test('removes the files written longest ago when the directory is full', async () => {
    for (const [index, name] of ['old', 'older', 'new', 'mine'].entries()) {
      const path = join(spansDir, `${name}.ndjson`);
      await writeFile(path, 'x'.repeat(1000));
      const time = [200, 100, 300, 50][index]!;
      await utimes(path, time, time);
    }
    await pruneDirectory(spansDir, 2000, join(spansDir, 'mine.ndjson'));
    expect((await readdir(spansDir)).sort()).toEqual(['mine.ndjson', 'new.ndjson']);
  });

  test('a directory that can not be written drops spans, counts them, and disturbs nobody', async () => {
    const file = join(spansDir, 'file');
    await writeFile(file, '');
    const recorder = createSpanRecorder({ service: 's', instance: 's', spansDir: join(file, 'under'), env: {} });
    recorder.record(span());
    await recorder.shutdown();
    recorder.record(span());
    expect(recorder.counters).toEqual({ recorded: 2, written: 0, dropped: 2, undelivered: 0 });
  });

  test('a queue that is full drops', async () => {
    const recorder = createSpanRecorder({ service: 's', instance: 's', spansDir, env: {} });
    for (let i = 0; i < 9000; i++) recorder.record(span());
    await recorder.shutdown();
    expect(recorder.counters).toEqual({ recorded: 9000, written: 8192, dropped: 808, undelivered: 0 });
  });

  test('OTEL_SDK_DISABLED makes no span', async () => {
    const recorder = createSpanRecorder({ service: 's', instance: 's', spansDir, env: { OTEL_SDK_DISABLED: 'TRUE' } });
    recorder.record(span());
    await recorder.shutdown();
    expect(recorder.enabled).toBe(false);
    expect(await readdir(spansDir)).toEqual([]);
  });

  test('the resource follows OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES', async () => {
    const env = {
      OTEL_SERVICE_NAME: 'mine',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=no,deployment.environment.name=a%20b',
    };
    const recorder = createSpanRecorder({ service: 's', instance: 's', spansDir, env });
    recorder.record(span());
    await recorder.shutdown();
    const text = await readFile(join(spansDir, `s-${process.pid}.ndjson`), 'utf8');
    const attributes = JSON.parse(text).resourceSpans[0].resource.attributes;
    expect(attributes).toContainEqual({ key: 'service.name', value: { stringValue: 'mine' } });
    expect(attributes).toContainEqual({ key: 'deployment.environment.name', value: { stringValue: 'a b' } });
  });
});

describe('a collector', () => {
  const variables = [
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_EXPORTER_OTLP_HEADERS',
    'OTEL_EXPORTER_OTLP_TIMEOUT',
  ] as const;
  afterEach(() => {
    for (const name of variables) delete process.env[name];
  });

  test('named by the standard variables gets the same spans through the official exporter', async () => {
    const requests: { path: string; token: unknown; body: string }[] = [];
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      requests.push({ path: request.url ?? '', token: request.headers['x-token'], body });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // The exporter reads the process's own environment.
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.env.OTEL_EXPORTER_OTLP_HEADERS = 'x-token=t1';
    const recorder = createSpanRecorder({ service: 'p.api', instance: 'p.api.1', spansDir, env: process.env });
    const sent = span({ parentSpanId: newSpanId(), service: 'p.spark' });
    recorder.record(sent);
    await recorder.shutdown();
    server.close();
    server.closeAllConnections();

    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ path: '/v1/traces', token: 't1' });
    const resourceSpans = JSON.parse(requests[0]!.body).resourceSpans[0];
    expect(resourceSpans.resource.attributes).toContainEqual({
      key: 'service.name',
      value: { stringValue: 'p.spark' },
    });
    const { traceId, spanId, parentSpanId } = sent;
    expect(resourceSpans.scopeSpans[0].spans[0]).toMatchObject({
      traceId,
      spanId,
      parentSpanId,
      name: 'work',
      kind: 1,
    });
  });

  test('that hangs fills a bounded queue, and what is beyond it is counted', async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.env.OTEL_EXPORTER_OTLP_TIMEOUT = '100000';
    const recorder = createSpanRecorder({ service: 's', instance: 's', spansDir, env: process.env });
    for (let i = 0; i < 3000; i++) recorder.record(span());
    await recorder.flush();
    expect(recorder.counters).toEqual({ recorded: 3000, written: 3000, dropped: 0, undelivered: 3000 - 2048 });
    server.closeAllConnections();
    server.close();
  });

  test('that is not there does no harm', async () => {
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:1';
    process.env.OTEL_EXPORTER_OTLP_TIMEOUT = '200';
    const recorder = createSpanRecorder({ service: 's', instance: 's', spansDir, env: process.env });
    recorder.record(span());
    await recorder.shutdown();
    expect(recorder.counters).toEqual({ recorded: 1, written: 1, dropped: 0, undelivered: 1 });
  });
});
