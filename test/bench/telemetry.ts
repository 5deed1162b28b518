/**
 * `npm run bench:telemetry`: what being watched costs a flow, Kafka → Cassandra, in the process and by the classes of a pipeline's
 * sinks task. In one run, in alternating rounds: without pathways, ledger and traces; with all of them and one event in a
 * hundred sampled; and with a telemetry that is broken (telemetryHost.ts). Then the pathway's quantiles against exact ones over
 * the same events. Options, after `--`: `--records 100000 --rounds 5`; `--modes off,on` for some of them; `--node=FLAGS` for the process,
 * such as `--cpu-prof`.
 *
 * Each round's figures are divided by those of the round's first run, so that what else the machine does meanwhile counts less;
 * the median of these ratios is printed with the least and the greatest. A process lives for one run: its first 30,000 records,
 * during which V8 compiles, do not count.
 */
import { createServer, type Socket } from 'node:net';
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { flowsNodeArguments } from '../../platform/connectors/nodeArguments.ts';
import { tableSpec } from '../../platform/model/blueprint.ts';
import { physical } from '../../platform/model/names.ts';
import { quantileOf } from '../../platform/telemetry/pathway/histogram.ts';
import type { StageReport } from '../../platform/telemetry/stageMeter.ts';
import { produce } from '../conformance/connectors/readTopic.ts';
import { FlowHost } from '../fixtures/flowHost.ts';
import { type CassandraServer, type KafkaServer, startCassandra, startKafka } from '../fixtures/servers.ts';
import { recordOf, schema, table } from './sinkRecords.ts';
import type { OfflineFigures, TelemetryBench } from './telemetryHost.ts';

const { values: asked } = parseArgs({
  options: {
    records: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '5' },
    modes: { type: 'string', default: 'off,on,broken' },
    node: { type: 'string', default: '' },
  },
});
const askedNode = asked.node.split(' ').filter(Boolean);
const [records, rounds] = [Number(asked.records), Number(asked.rounds)];
const [pipeline, partitions, firstPort] = ['bench', 4, 24_200];
const topics = { readings: { schema, partitions, key: 'sensor' }, late: { schema, partitions, key: 'sensor' } };
/** While these pass, V8 compiles what is used much: they do not count. */
const warmRecords = Math.min(30_000, records / 3);
const lateRecords = Math.min(records, 50_000);

interface Figures {
  readonly perSecond: number;
  readonly cpuMicros: number;
  readonly peakMiB: number;
}

interface Servers {
  readonly kafka: KafkaServer;
  readonly cassandra: CassandraServer;
}

async function hostOf(flow: string, topic: keyof typeof topics, bench: TelemetryBench, servers: Servers) {
  const { kafka, cassandra } = servers;
  await cassandra.makeTable(flow, tableSpec.parse(table));
  return new FlowHost({
    ...{ pipeline, healthPort: firstPort + 20, topics, tables: { [flow]: table } },
    flows: { [flow]: { from: { kind: 'kafka', topic }, to: { kind: 'cassandra', table: flow } } },
    access: { kafka: kafka.access, cassandra: cassandra.access },
    entry: new URL('telemetryHost.ts', import.meta.url).pathname,
    extra: { bench },
    nodeArguments: [...flowsNodeArguments, ...askedNode],
  });
}

async function measure(mode: TelemetryBench['mode'], round: number, servers: Servers, endpoint: string) {
  const flow = `${mode}-${round}`;
  const host = await hostOf(flow, 'readings', { mode, endpoint, originsMs: [] }, servers);
  try {
    let [from, cpu, startMs] = [0, 0, performance.now()];
    const metrics = await host.until(
      flow,
      ({ written }) => {
        if (written < warmRecords) [from, cpu, startMs] = [written, host.usage().cpuSeconds, performance.now()];
        return written >= records;
      },
      20,
    );
    const [{ cpuSeconds, peakMiB }, endMs, measured] = [host.usage(), performance.now(), metrics.written - from];
    const figures = {
      perSecond: (measured / (endMs - startMs)) * 1000,
      cpuMicros: ((cpuSeconds - cpu) / measured) * 1e6,
    };
    return { ...figures, peakMiB, spans: await spansOf() };
  } finally {
    // A profile is written by a process that ends by itself.
    await host.end(askedNode.length === 0 ? 'SIGKILL' : 'SIGTERM');
  }
}

async function ask<T>(path: string): Promise<T> {
  return (await (await fetch(`http://127.0.0.1:${firstPort + 20}/${path}`)).json()) as T;
}

async function spansOf() {
  return (await ask<{ spans: { recorded: number; written: number; dropped: number } }>('metrics.json')).spans;
}

const median = (values: readonly number[]) => {
  const sorted = values.toSorted((one, other) => one - other);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
};
const spread = (values: readonly number[]) =>
  `${median(values).toFixed(3)} (${Math.min(...values).toFixed(3)}–${Math.max(...values).toFixed(3)})`;

/** The pathway's quantiles, from its histogram, beside those of every single event. */
async function compareQuantiles(servers: Servers, originsMs: readonly number[]): Promise<void> {
  const host = await hostOf('offline', 'late', { mode: 'offline', endpoint: '', originsMs }, servers);
  try {
    await host.until('offline', ({ written }) => written >= lateRecords, 50);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { offline } = await ask<{ offline: OfflineFigures }>('metrics.json');
    const { stages } = await ask<{ stages: StageReport[] }>('stages.json');
    const { endToEnd } = stages[0]!.checkpoint.pathways[0]!;
    console.log(`\nend-to-end latency of ${offline.count} events (${endToEnd.count} in the histogram), ms:`);
    for (const [quantile, exact] of Object.entries(offline.quantiles)) {
      const found = quantileOf(endToEnd, Number(quantile));
      const off = ((Math.abs(found - exact) / exact) * 100).toFixed(2);
      console.log(
        `  p${Number(quantile) * 100}: exact ${exact}, pathway ${found.toFixed(1)}, off by ${off} % (aim: < 4.4 %)`,
      );
    }
  } finally {
    await host.end('SIGKILL');
  }
}

async function fill(kafka: KafkaServer, topic: keyof typeof topics, count: number, one: Parameters<typeof at>[1]) {
  for (let i = 0; i < count; i += 10_000) {
    const many = Array.from({ length: Math.min(10_000, count - i) }, (_, j) => at(i + j, one));
    await produce(kafka.access, physical.topic(pipeline, topic), many);
  }
}
const at = (i: number, optionsOf: (i: number) => Parameters<typeof recordOf>[1]) => recordOf(i, optionsOf(i));

const allModes = ['off', 'on', 'broken'] as const;
const modes = allModes.filter((mode) => asked.modes.split(',').includes(mode));
type Mode = (typeof allModes)[number];
type Round = Readonly<Record<Mode, Figures>>;

function print(done: readonly Round[]): void {
  const ratios = (pick: (figures: Figures) => number, mode: Mode, base: Mode) =>
    spread(done.map((round) => pick(round[mode]) / pick(round[base])));
  console.log(`\nmedian of ${done.length} rounds (least–greatest):`);
  for (const [mode, base, aim] of [
    ['on', 'off', '≥ 0.95'],
    ['broken', 'on', '≥ 0.98'],
  ] as const) {
    if (!modes.includes(mode) || !modes.includes(base)) continue;
    console.log(`  records/s, ${mode} ÷ ${base}: ${ratios((f) => f.perSecond, mode, base)} (aim: ${aim})`);
    console.log(`  CPU a record, ${mode} ÷ ${base}: ${ratios((f) => f.cpuMicros, mode, base)}`);
  }
  for (const mode of modes) {
    const of = (pick: (figures: Figures) => number) => done.map((round) => pick(round[mode]));
    const [rate, cpu] = [median(of((f) => f.perSecond)).toFixed(0), median(of((f) => f.cpuMicros)).toFixed(2)];
    const peak = Math.max(...of((f) => f.peakMiB)).toFixed(0);
    console.log(`  ${mode.padEnd(6)} ${rate} records/s, ${cpu} µs of CPU a record, at most ${peak} MiB`);
  }
}

/** Takes connections and never answers. */
const sockets = new Set<Socket>();
const hanging = createServer((socket) => void sockets.add(socket.on('error', () => {})));
await new Promise<void>((resolve) => hanging.listen(firstPort + 21, '127.0.0.1', resolve));
const endpoint = `http://127.0.0.1:${firstPort + 21}`;
const started = await Promise.all([startKafka(firstPort, pipeline), startCassandra(firstPort + 10, pipeline)]);
const servers: Servers = { kafka: started[0], cassandra: started[1] };
try {
  await servers.kafka.makeTopics(Object.keys(topics), partitions);
  const baseMs = Date.now();
  await fill(servers.kafka, 'readings', records, (i) => ({ sampledOneIn: 100, originMs: baseMs + Math.floor(i / 20) }));
  // From 5 ms to 50 s before they are sent: a latency for every decade.
  const originsMs = Array.from(
    { length: lateRecords },
    (_, i) => baseMs - Math.floor(10 ** (((i * 7919) % 4000) / 1000 + 0.7)),
  );
  await fill(servers.kafka, 'late', lateRecords, (i) => ({ sampledOneIn: 1, originMs: originsMs[i]! }));
  console.log(`${records} records a run, ${partitions} partitions, 1 % sampled; ${availableParallelism()} cores,`);
  console.log(`load ${loadavg()[0]!.toFixed(1)} before the first run; the first run of all does not count\n`);
  await measure('on', 0, servers, endpoint);
  const done: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    const figures: Partial<Record<Mode, Figures>> = {};
    // Each mode comes first, second and last equally often.
    for (const mode of modes.map((_, place) => modes[(place + round) % modes.length]!)) {
      const { spans, ...found } = await measure(mode, round, servers, endpoint);
      figures[mode] = found;
      const { recorded, written, dropped } = spans;
      console.log(
        `  round ${round} ${mode.padEnd(6)} ${found.perSecond.toFixed(0)} records/s, ${found.cpuMicros.toFixed(2)} µs of CPU, ${found.peakMiB.toFixed(0)} MiB; spans ${recorded}, written ${written}, dropped ${dropped}`,
      );
    }
    done.push(figures as Round);
  }
  print(done);
  if (modes.length === allModes.length) await compareQuantiles(servers, originsMs);
} finally {
  for (const socket of sockets) socket.destroy();
  hanging.close();
  await Promise.all(started.map(({ server }) => server.remove()));
}
