/** How spans leave: by the variable, to a real receiver of ours, which decodes what the official transformer encoded. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { requests } from '../../../platform/telemetry/otlp/fields.ts';
import { decodeMessage } from '../../../platform/telemetry/otlp/protobuf.ts';
import { otlpProtocolOf } from '../../../platform/telemetry/protocol.ts';
import { createSpanRecorder } from '../../../platform/telemetry/recorder.ts';

const ends: (() => unknown)[] = [];
const names = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_PROTOCOL', 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'];
afterEach(() => {
  for (const end of ends.splice(0)) end();
  for (const name of names) delete process.env[name];
});

const sent = {
  ...{ name: 'sink board', kind: 'internal' as const, traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) },
  ...{
    startMs: 1_795_428_587_990.5,
    endMs: 1_795_428_588_000,
    attributes: { 'millrace.flow': 'board' },
    error: 'broken',
  },
};

async function sentWith(env: Readonly<Record<string, string>>) {
  const asked: { type: string | undefined; body: Buffer }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    asked.push({ type: request.headers['content-type'], body: Buffer.concat(chunks) });
    response.writeHead(200, { 'content-type': String(request.headers['content-type']) }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const spansDir = mkdtempSync(join(tmpdir(), 'millrace-protocol-'));
  ends.push(() => server.closeAllConnections());
  ends.push(
    () => server.close(),
    () => rmSync(spansDir, { recursive: true, force: true }),
  );
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  Object.assign(process.env, env, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
  const recorder = createSpanRecorder({ service: 'p.sinks', instance: 'p.sinks.0', spansDir, env: process.env });
  recorder.record(sent);
  await recorder.shutdown();
  expect(recorder.counters).toMatchObject({ written: 1, undelivered: 0 });
  return asked;
}

test.each([{ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }, { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf' }])(
  'spans go as protobuf with %j',
  async (env) => {
    const [{ type, body }] = (await sentWith(env)) as [{ type: string; body: Buffer }];
    expect(type).toBe('application/x-protobuf');
    expect(decodeMessage(requests.traces, body)).toMatchObject({
      resourceSpans: [
        {
          scopeSpans: [
            { spans: [{ traceId: sent.traceId, spanId: sent.spanId, name: 'sink board', status: { code: 2 } }] },
          ],
        },
      ],
    });
  },
);

test('and as JSON without the variable', async () => {
  const [{ type, body }] = (await sentWith({})) as [{ type: string; body: Buffer }];
  expect(type).toBe('application/json');
  expect(JSON.parse(String(body)).resourceSpans[0].scopeSpans[0].spans[0].name).toBe('sink board');
});

test('what is not spoken is said once, with what is done instead; its own variable goes before the shared one', () => {
  const lines: string[] = [];
  const of = (signal: 'TRACES' | 'METRICS', env: NodeJS.ProcessEnv) =>
    otlpProtocolOf(signal, env, 'http/json', (line) => lines.push(line));
  expect(of('TRACES', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toBe('http/protobuf');
  expect(of('METRICS', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toBe('http/protobuf');
  expect(lines).toEqual([
    expect.stringMatching(
      /^OTEL_EXPORTER_OTLP_PROTOCOL=grpc is not spoken here: traces are sent by http\/protobuf\. Point /,
    ),
  ]);
  const both = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json' };
  expect(of('METRICS', both)).toBe('http/json');
  expect(of('TRACES', {})).toBe('http/json');
  expect(lines).toHaveLength(1);
});
