/**
 * Bench of the sink Kafka → Cassandra, on servers of its own: CPU per record of the connector's process, records per second,
 * peak memory. `node test/bench/sink.ts`; RECORDS=200000 by default. The flow runs in a process of its own, as in a pipeline
 * (`platform/connectors/host.ts`), so that what is measured is what runs.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import type { CassandraAccess, KafkaAccess, NodeTaskConfig } from '../../platform/connectors/config.ts';
import type { FlowCounters } from '../../platform/connectors/contract.ts';
import { type BlueprintSpec, blueprintSpec } from '../../platform/model/blueprint.ts';
import { physical } from '../../platform/model/names.ts';
import { startCassandra, startKafka } from '../fixtures/servers.ts';

export interface SinkServers {
  readonly kafka: KafkaAccess;
  readonly cassandra: CassandraAccess;
}

export interface SinkResult {
  readonly records: number;
  /** Bytes of an average value; key and headers come on top. */
  readonly valueBytes: number;
  readonly headers: number;
  /** User and system time of all threads of the process, start-up taken off, by record. */
  readonly cpuMicrosPerRecord: number;
  readonly recordsPerSecond: number;
  readonly peakMiB: number;
}

export const sinkTargets = { cpuMicrosPerRecord: 12, recordsPerSecond: 30_000, peakMiB: 250 } as const;

const pipeline = 'bench';
const partitions = 4;
const origins = 300;
const maxSemiSpace = '--max-semi-space-size=8';
const clockTicksPerSecond = 100;

export const sinkBenchSpec: BlueprintSpec = blueprintSpec.parse({
  name: pipeline,
  title: 'Sink bench',
  description: 'Flights by origin',
  topics: {
    flights: {
      schema: {
        name: 'flight',
        fields: {
          origin: { type: 'string' },
          destination: { type: 'string' },
          departed_at: { type: 'timestamp' },
          delay_minutes: { type: 'int' },
          distance_miles: { type: 'int' },
        },
      },
      partitions,
      key: 'origin',
    },
  },
  tables: {
    flights: {
      columns: {
        origin: { type: 'string' },
        event_id: { type: 'string' },
        event_time: { type: 'timestamp' },
        destination: { type: 'string' },
        departed_at: { type: 'timestamp' },
        delay_minutes: { type: 'int' },
        distance_miles: { type: 'int' },
      },
      partitionKey: ['origin'],
      clusteringKey: [{ column: 'event_id', order: 'asc' }],
    },
  },
  flows: { store: { from: { kind: 'kafka', topic: 'flights' }, to: { kind: 'cassandra', table: 'flights' } } },
  services: {},
  verify: {
    ingressService: 'none',
    apiService: 'none',
    eventType: 'flight',
    event: {},
    readBackPath: '/',
    countPath: '/',
  },
});

/**
 * Fills the topic, runs the flow in its own process until everything is stored, and measures that. Topic and table are there.
 * The same once before, unmeasured: servers on a Java machine need some 100,000 requests until they run at their speed.
 */
export async function benchSink(servers: SinkServers, records: number, healthPort: number): Promise<SinkResult> {
  await runSink(servers, 0, records, healthPort);
  return runSink(servers, records, records, healthPort);
}

async function runSink(servers: SinkServers, first: number, records: number, healthPort: number): Promise<SinkResult> {
  const valueBytes = await fillTopic(servers.kafka, first, records);
  const directory = mkdtempSync(join(tmpdir(), 'conn-bench-'));
  const host = startHost(servers, directory, healthPort);
  try {
    const begun = await untilWritten(1, healthPort, host);
    const done = await untilWritten(records, healthPort, host);
    const counted = done.written - begun.written;
    return {
      records,
      valueBytes,
      headers: 7,
      cpuMicrosPerRecord: ((done.cpuSeconds - begun.cpuSeconds) * 1e6) / counted,
      recordsPerSecond: (counted * 1000) / (done.atMs - begun.atMs),
      peakMiB: peakMiB(host.pid!),
    };
  } finally {
    const ended = once(host, 'exit');
    host.kill('SIGTERM');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  }
}

function startHost({ kafka, cassandra }: SinkServers, directory: string, health: number): ChildProcess {
  const config: NodeTaskConfig = {
    task: physical.pipelineTask(pipeline, 'sinks', 0),
    pipeline,
    revision: 1,
    instance: 0,
    role: { kind: 'flows', group: 'sinks' },
    listen: { address: '127.0.0.1', health },
    spec: sinkBenchSpec,
    parameters: {},
    kafka,
    cassandra,
    services: {},
    spansDir: join(directory, 'spans'),
    dataDir: directory,
  };
  const file = join(directory, 'config.json');
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  const entry = new URL('../../platform/connectors/host.ts', import.meta.url).pathname;
  const stdio = ['ignore', 'ignore', 'inherit'] as const;
  return spawn(process.execPath, ['--no-warnings', maxSemiSpace, entry, '--config', file], { stdio: [...stdio] });
}

interface Reading {
  readonly written: number;
  readonly atMs: number;
  readonly cpuSeconds: number;
}

async function reading(healthPort: number, host: ChildProcess): Promise<Reading> {
  if (host.exitCode !== null) throw new Error(`the sink ended with exit code ${host.exitCode}`);
  const metrics = await fetch(`http://127.0.0.1:${healthPort}/metrics.json`).then(
    (response) => response.json() as Promise<{ flows?: { store?: FlowCounters } }>,
    () => undefined,
  );
  return { written: metrics?.flows?.store?.written ?? 0, atMs: performance.now(), cpuSeconds: cpuSeconds(host.pid!) };
}

async function untilWritten(records: number, healthPort: number, host: ChildProcess): Promise<Reading> {
  for (;;) {
    const now = await reading(healthPort, host);
    if (now.written >= records) return now;
    await sleep(20);
  }
}

function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond;
}

function peakMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

/** Records as our ingress writes them, with all headers. Answers the bytes of an average value. */
async function fillTopic(access: KafkaAccess, from: number, records: number): Promise<number> {
  const { brokers, mechanism, username, password } = access;
  const kafka = new Kafka({
    brokers: [...brokers],
    sasl: { mechanism, username, password },
    logLevel: logLevel.NOTHING,
  });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const startMs = Date.now();
  let bytes = 0;
  for (let first = 0; first < records; first += 2000) {
    const count = Math.min(2000, records - first);
    const messages = Array.from({ length: count }, (_, i) => messageOf(from + first + i, startMs));
    for (const { value } of messages) bytes += value.length;
    await producer.send({ topic: physical.topic(pipeline, 'flights'), acks: -1, messages });
  }
  await producer.disconnect();
  return Math.round(bytes / records);
}

function messageOf(n: number, startMs: number) {
  const time = new Date(startMs + n).toISOString();
  // 7919 is prime: neighbours have different origins.
  const origin = `A${(n * 7919) % origins}`;
  const fields = {
    origin,
    destination: `B${n % 299}`,
    departed_at: time,
    delay_minutes: (n % 180) - 20,
    distance_miles: n % 2900,
  };
  const headers = {
    ce_specversion: '1.0',
    'content-type': 'application/json',
    ce_id: `feed-0-${n}`,
    ce_time: time,
    ce_type: 'org.millrace.flight',
    ce_source: '/feeds/flights',
    'millrace-pathway': `1;${pipeline};${startMs + n}`,
  };
  return { key: origin, value: JSON.stringify(fields), headers };
}

/** Runs `use` on servers of its own, tuned for throughput, Cassandra with `commitlog_sync: batch`. */
export async function withSinkServers<T>(firstPort: number, use: (servers: SinkServers) => Promise<T>): Promise<T> {
  const kafka = await startKafka(firstPort, pipeline, { profile: 'server' });
  try {
    const cassandra = await startCassandra(firstPort + 5, pipeline, { profile: 'server' });
    try {
      await kafka.makeTopics(['flights'], partitions);
      await cassandra.makeTable('flights', sinkBenchSpec.tables.flights!);
      return await use({ kafka: kafka.access, cassandra: cassandra.access });
    } finally {
      await cassandra.server.remove();
    }
  } finally {
    await kafka.server.remove();
  }
}

/** Lines of the report: what was measured, against what is aimed at. */
export function sinkReport(result: SinkResult): string[] {
  const { records, valueBytes, headers, cpuMicrosPerRecord, recordsPerSecond, peakMiB } = result;
  return [
    `sink Kafka → Cassandra, ${records} records, values of ${valueBytes} bytes, ${headers} headers`,
    `  CPU        ${cpuMicrosPerRecord.toFixed(1)} µs per record (at most ${sinkTargets.cpuMicrosPerRecord})`,
    `  throughput ${Math.round(recordsPerSecond)} records/s (at least ${sinkTargets.recordsPerSecond})`,
    `  peak       ${peakMiB} MiB (at most ${sinkTargets.peakMiB})`,
  ];
}

if (import.meta.main) {
  const records = Number(process.env.RECORDS ?? 200_000);
  const result = await withSinkServers(12_480, (servers) => benchSink(servers, records, 12_499));
  for (const line of sinkReport(result)) console.log(line);
}
