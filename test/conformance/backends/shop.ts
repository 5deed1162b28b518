/** A small pipeline on a real broker: the ingress takes visits, a sink puts them on a live board. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeTaskConfig } from '../../../platform/connectors/config.ts';
import { startIngressTask } from '../../../platform/connectors/http/task.ts';
import { type BlueprintInput, blueprintSpec } from '../../../platform/model/blueprint.ts';
import type { PipelineSight } from '../../../platform/telemetry/export/sight.ts';
import type { StageReport } from '../../../platform/telemetry/stageMeter.ts';
import { FlowHost } from '../../fixtures/flowHost.ts';
import { startKafka, startRedis } from '../../fixtures/servers.ts';
import { batch, send } from '../../unit/ingress/harness.ts';

export const pipeline = 'shop';
export const topic = 'shop.visits';

const topics: BlueprintInput['topics'] = {
  visits: {
    schema: {
      name: 'visit',
      fields: { place: { type: 'string' }, minutes: { type: 'int' }, seen_at: { type: 'timestamp' } },
    },
    partitions: 2,
  },
};
const flows: BlueprintInput['flows'] = {
  board: {
    from: { kind: 'kafka', topic: 'visits' },
    to: { kind: 'redis', projection: 'board', member: 'place', score: 'minutes', version: 'seen_at' },
  },
};

export type Shop = Awaited<ReturnType<typeof openShop>>;

/** Twenty ports from `firstPort` on. What `OTEL_*` variables this process has, its tasks have. */
export async function openShop(firstPort: number) {
  const [broker, store] = await Promise.all([startKafka(firstPort, pipeline), startRedis(firstPort + 10)]);
  await broker.makeTopics(['visits'], 2);
  const directory = mkdtempSync(join(tmpdir(), 'shop-'));
  const ingressPort = firstPort + 15;
  const ingress = await startIngressTask(ingressConfig(directory, ingressPort, broker.access), () => {}, process.env);
  const [healthPort, access] = [firstPort + 16, { kafka: broker.access, redis: store.access }];
  const sinks = new FlowHost({ pipeline, healthPort, topics, flows, access });
  await sinks.until('board', ({ state }) => state.phase === 'flowing');
  while (!ingress.health().ready) await sleep(50);
  let sent = 0;

  return {
    /** Events taken in so far. */
    sent: () => sent,
    /** Takes in `count` events, the first with this trace context; resolves when the board has them all. */
    async pass(count: number, traceparent?: string): Promise<void> {
      for (let left = count; left > 0; left -= 100) {
        const events = Array.from({ length: Math.min(100, left) }, (_, at) =>
          visit(sent + at, at === 0 ? traceparent : undefined),
        );
        const { status, body } = await send(ingressPort, { headers: batch, body: JSON.stringify(events) });
        if (status !== 202) throw new Error(`the ingress answered ${status}: ${JSON.stringify(body)}`);
        sent += events.length;
      }
      await sinks.until('board', ({ written }) => written >= sent);
    },
    /** What the export reads, as of now. */
    async sight(): Promise<PipelineSight> {
      const answer = await fetch(`http://127.0.0.1:${healthPort}/stages.json`);
      const { stages } = (await answer.json()) as { stages: readonly StageReport[] };
      const tasks = [
        { task: 'shop.ingress.0', stages: ingress.stages(0) },
        { task: 'shop.sinks.0', stages },
      ];
      const hop = { hop: 'board', topic, lagRecords: 0, lagSeconds: 0, drainSeconds: 0 };
      const ledger = { windows: [{ state: 'balanced' as const }], lost: 0, duplicated: 0 };
      const objectives = [{ name: 'fresh', target: 0.99, reached: 1, burnRates: { '5m': 0, '1h': 0 } }];
      return { pipeline, tasks, state: 'flowing', ledger, lag: { hops: [hop] }, objectives };
    },
    /** Spans that the sinks could not deliver. */
    async undelivered(): Promise<number> {
      const answer = await fetch(`http://127.0.0.1:${healthPort}/metrics.json`);
      return ((await answer.json()) as { spans: { undelivered: number } }).spans.undelivered;
    },
    async close(): Promise<void> {
      await ingress.stop();
      await sinks.end('SIGTERM');
      await Promise.all([broker.server.remove(), store.server.remove()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function visit(i: number, traceparent: string | undefined): object {
  const seen_at = new Date(Date.UTC(2026, 10, 24) + i).toISOString();
  const data = { place: `place-${i % 20}`, minutes: i % 90, seen_at };
  const about = { specversion: '1.0', id: `visit-${i}`, source: '/test', type: 'visit', data };
  return traceparent === undefined ? about : { ...about, traceparent };
}

function ingressConfig(directory: string, service: number, kafka: NodeTaskConfig['kafka']): NodeTaskConfig {
  const runs = {
    kind: 'ingress',
    topic: 'visits',
    maxEventBytes: 4096,
    maxEventsPerSecond: 100_000,
    tracesPerSecond: 0,
  } as const;
  const verify = { ingressService: 'ingress', apiService: 'api', eventType: 'visit', event: {} };
  return {
    ...{ task: 'shop.ingress.0', pipeline, revision: 1, instance: 0, parameters: {}, services: {} },
    role: { kind: 'ingress', service: 'ingress' },
    listen: { address: '127.0.0.1', health: 0, service },
    spec: blueprintSpec.parse({
      ...{ name: pipeline, title: '', description: '', topics },
      services: { ingress: { runs, endpoint: 'ingress', resources: { cpus: 1, memoryMiB: 100 } } },
      verify: { ...verify, readBackPath: '/', countPath: '/' },
    }),
    ...(kafka === undefined ? {} : { kafka }),
    ...{ spansDir: join(directory, 'spans'), dataDir: directory },
  };
}
