/**
 * `npm run bench:sink`: Kafka → Cassandra through our connector, in the process and by the classes of a pipeline's sinks task,
 * and beside it, in the same run on the same records, what one would write by hand (naiveSink.ts). Options, after `--`:
 * `--records 50000 --rounds 1` for less; `--only ours`; `--node=FLAGS` for ours, such as `--cpu-prof`; `--beside DIRECTORY`, the
 * connector of another checkout, to compare with.
 *
 * Servers and connector share the machine, so records per second are the machine's; the CPU of the connector's own process
 * (/proc/PID/stat, from the last look before the first record to the look that finds all written) is the measure.
 */
import { availableParallelism, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { flowsNodeArguments } from '../../platform/connectors/nodeArguments.ts';
import { tableSpec } from '../../platform/model/blueprint.ts';
import { physical } from '../../platform/model/names.ts';
import { produce } from '../conformance/connectors/readTopic.ts';
import { FlowHost } from '../fixtures/flowHost.ts';
import { type CassandraServer, type KafkaServer, startCassandra, startKafka } from '../fixtures/servers.ts';
import { partitionKeys, recordOf, schema, table } from './sinkRecords.ts';

const { values: asked } = parseArgs({
  options: {
    records: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '2' },
    only: { type: 'string' },
    node: { type: 'string', default: '' },
    beside: { type: 'string' },
  },
});
const records = Number(asked.records);
const [pipeline, topic, partitions, firstPort] = ['bench', 'readings', 4, 24_200];

interface Variant {
  readonly name: string;
  readonly says: string;
  readonly entry?: string;
  readonly node: readonly string[];
}
const naive = { entry: new URL('naiveSink.ts', import.meta.url).pathname, node: [] };
const beside: readonly Variant[] =
  asked.beside === undefined
    ? []
    : [
        {
          ...{ name: 'beside', says: 'connector of the other checkout', node: flowsNodeArguments },
          entry: join(resolve(asked.beside), 'platform/connectors/host.ts'),
        },
      ];
const all: readonly Variant[] = [
  { name: 'ours', says: 'our connector', node: [...flowsNodeArguments, ...asked.node.split(' ').filter(Boolean)] },
  ...beside,
  { name: 'batch', says: 'client.batch by partition key', ...naive },
  { name: 'each', says: 'one statement per record', ...naive },
];
const variants = all.filter(({ name }) => asked.only === undefined || asked.only === name);

interface Figures {
  readonly cpuMicros: number;
  readonly perSecond: number;
  readonly peakMiB: number;
  /** CPU of Cassandra for each record. */
  readonly storeMicros: number;
}

async function run(
  { name, entry, node }: Variant,
  round: number,
  kafka: KafkaServer,
  cassandra: CassandraServer,
): Promise<Figures> {
  // A table and, by the flow's name, a consumer group of its own for each run: it reads from the earliest record.
  const flow = `${name}-${round}`;
  await cassandra.makeTable(flow, tableSpec.parse(table));
  const host = new FlowHost({
    pipeline,
    healthPort: firstPort + 20,
    topics: { [topic]: { schema, partitions, key: 'sensor' } },
    tables: { [flow]: table },
    flows: { [flow]: { from: { kind: 'kafka', topic }, to: { kind: 'cassandra', table: flow } } },
    access: { kafka: kafka.access, cassandra: cassandra.access },
    ...(entry === undefined ? {} : { entry }),
    nodeArguments: node,
  });
  try {
    let [before, store, startMs] = [0, 0, performance.now()];
    const look = (found: { received: number; written: number }) => {
      if (found.received === 0)
        [before, store, startMs] = [host.usage().cpuSeconds, cassandra.server.usage().cpuSeconds, performance.now()];
      return found.written >= records;
    };
    await host.until(flow, look, 20);
    const [after, endMs] = [host.usage(), performance.now()];
    return {
      cpuMicros: ((after.cpuSeconds - before) / records) * 1e6,
      perSecond: (records / (endMs - startMs)) * 1000,
      peakMiB: after.peakMiB,
      storeMicros: ((cassandra.server.usage().cpuSeconds - store) / records) * 1e6,
    };
  } finally {
    await host.end('SIGTERM');
  }
}

const column = (text: string | number, width = 12) => String(text).padStart(width);
function print(says: string, { cpuMicros, perSecond, peakMiB, storeMicros }: Figures, base?: Figures): void {
  const ratios =
    base === undefined
      ? ''
      : ` ${column((cpuMicros / base.cpuMicros).toFixed(2))} ${column((perSecond / base.perSecond).toFixed(2))}`;
  console.log(
    `${says.padEnd(36)} ${column(cpuMicros.toFixed(1))} ${column(Math.round(perSecond))} ${column(Math.round(peakMiB))} ${column(storeMicros.toFixed(1))}${ratios}`,
  );
}
const mean = (all: readonly Figures[]): Figures => {
  const of = (pick: (figures: Figures) => number) => all.reduce((sum, each) => sum + pick(each), 0) / all.length;
  return {
    cpuMicros: of((f) => f.cpuMicros),
    perSecond: of((f) => f.perSecond),
    peakMiB: Math.max(...all.map((f) => f.peakMiB)),
    storeMicros: of((f) => f.storeMicros),
  };
};

const servers = await Promise.all([startKafka(firstPort, pipeline), startCassandra(firstPort + 10, pipeline)]);
try {
  const [kafka, cassandra] = servers;
  await kafka.makeTopics([topic], partitions);
  const name = physical.topic(pipeline, topic);
  for (let i = 0; i < records; i += 10_000)
    await produce(
      kafka.access,
      name,
      Array.from({ length: Math.min(10_000, records - i) }, (_, j) => recordOf(i + j)),
    );
  console.log(
    `${records} records, value ${recordOf(records - 1).value.length} bytes, 8 headers, ${partitions} partitions,`,
  );
  console.log(`${partitionKeys} partition keys, ${records / partitionKeys} rows each; commitlog_sync: batch;`);
  console.log(`${availableParallelism()} cores, load ${loadavg()[0]!.toFixed(1)} before the first run\n`);
  // Java compiles what is used much while the first run goes: that one does not count.
  await run(variants[0]!, 0, kafka, cassandra);
  console.log(
    `${''.padEnd(36)} ${column('CPU µs/rec')} ${column('records/s')} ${column('peak MiB')} ${column('store µs')} ${column('CPU ÷ ours')} ${column('rate ÷ ours')}`,
  );
  const found = new Map<string, Figures[]>(variants.map((variant) => [variant.name, []]));
  for (let round = 1; round <= Number(asked.rounds); round++) {
    for (const variant of variants) {
      const figures = await run(variant, round, kafka, cassandra);
      found.get(variant.name)!.push(figures);
      print(`  round ${round}: ${variant.says}`, figures);
    }
  }
  const base = mean(found.get(variants[0]!.name)!);
  for (const { name: each, says } of variants) print(says, mean(found.get(each)!), base);
  console.log('aims: 12 µs, 30000 records/s, 250 MiB');
} finally {
  await Promise.all(servers.map(({ server }) => server.remove()));
}
