/** The ingress over real HTTP, with a producer that keeps records in memory: Kafka is tested in test/conformance/ingress. */
import { request } from 'node:http';
import type { NodeTaskConfig } from '../../../platform/connectors/config.ts';
import type { EventProducer } from '../../../platform/connectors/http/eventProducer.ts';
import { createIngress, type Ingress } from '../../../platform/connectors/http/ingress.ts';
import type { EncodedRecord } from '../../../platform/connectors/http/record.ts';
import { blueprintSpec } from '../../../platform/model/blueprint.ts';
import { memoryJournal } from '../../../platform/telemetry/conservation/journal.ts';
import { createSpanRecorder, type SpanRecorder } from '../../../platform/telemetry/recorder.ts';
import { IngressMeter } from '../../../platform/telemetry/stageMeter.ts';

export const schema = {
  name: 'flight',
  fields: {
    delay_minutes: { type: 'int' },
    origin: { type: 'string' },
    note: { type: 'string', nullable: true },
  },
} as const;

export interface Limits {
  readonly maxEventBytes?: number;
  readonly maxEventsPerSecond?: number;
  readonly key?: string;
}

export function configOf(limits: Limits = {}): NodeTaskConfig {
  const { maxEventBytes = 4096, maxEventsPerSecond = 100_000, key = 'event_id' } = limits;
  const spec = blueprintSpec.parse({
    name: 'flight-delays',
    title: 't',
    description: 'd',
    topics: { flights: { schema, key } },
    services: {
      ingress: {
        runs: { kind: 'ingress', topic: 'flights', maxEventBytes, maxEventsPerSecond },
        endpoint: 'ingress',
        resources: { cpus: 1, memoryMiB: 100 },
      },
    },
    verify: {
      ingressService: 'ingress',
      apiService: 'api',
      eventType: 't',
      event: {},
      readBackPath: '/',
      countPath: '/',
    },
  });
  return {
    task: 'flight-delays.ingress.0',
    pipeline: 'flight-delays',
    revision: 1,
    instance: 0,
    role: { kind: 'ingress', service: 'ingress' },
    listen: { address: '127.0.0.1', health: 0 },
    spec,
    parameters: {},
    services: {},
    dataDir: '/tmp/unused',
    spansDir: '/nonexistent',
  };
}

export class MemoryProducer implements EventProducer {
  readonly counters = { requests: 0, records: 0, failures: 0 };
  readonly records: EncodedRecord[] = [];
  /** Awaited by each send before it stores: to hold back or to fail the acknowledgement. */
  gate: () => Promise<void> = async () => {};
  waiting: string | undefined;

  start(): void {}
  async stop(): Promise<void> {}
  waitingFor(): string | undefined {
    return this.waiting;
  }
  async send(records: readonly EncodedRecord[]): Promise<void> {
    await this.gate();
    this.records.push(...records);
  }
}

export interface Running {
  readonly ingress: Ingress;
  readonly producer: MemoryProducer;
  readonly recorder: SpanRecorder;
  readonly port: number;
}

/** A meter whose ledger does not outlive the test. */
export const memoryMeter = () => new IngressMeter({ stage: 'ingress', kind: 'ingress', journal: memoryJournal() });

export async function startIngress(limits: Limits = {}, spansDir = '/nonexistent'): Promise<Running> {
  const producer = new MemoryProducer();
  const recorder = createSpanRecorder({ service: 'flight-delays.ingress', instance: '0', spansDir, env: {} });
  const ingress = createIngress(configOf(limits), { recorder, meter: memoryMeter(), log: () => {}, producer });
  return { ingress, producer, recorder, port: await ingress.start() };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: {
    code?: string;
    message?: string;
    next?: string;
    details?: Record<string, unknown>;
    accepted?: number;
    ids?: string[];
  };
}

export interface Send {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

export function send(
  port: number,
  { method = 'POST', path = '/events', headers = {}, body = '' }: Send,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: { 'content-length': Buffer.byteLength(body), ...headers },
    });
    outgoing.on('response', async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: text === '' ? {} : JSON.parse(text),
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

export const data = { delay_minutes: 66, origin: 'DTW' };
export const structured = { 'content-type': 'application/cloudevents+json' };
export const batch = { 'content-type': 'application/cloudevents-batch+json' };
export const binary = {
  'content-type': 'application/json',
  'ce-specversion': '1.0',
  'ce-id': 'e-1',
  'ce-source': '/test',
  'ce-type': 'flight',
};

export function event(over: Record<string, unknown> = {}): Record<string, unknown> {
  return { specversion: '1.0', id: 'e-1', source: '/test', type: 'flight', data, ...over };
}
