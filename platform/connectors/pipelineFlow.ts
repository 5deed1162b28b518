/** Makes the flows of a pipeline out of its spec: which source, decoder, sink and dead-letter topic belong together. */
import type { BlueprintSpec, FlowSpec, TopicSpec } from '../model/blueprint.ts';
import { physical } from '../model/names.ts';
import type { SpanRecorder } from '../telemetry/recorder.ts';
import { saboteurOf } from '../telemetry/sabotage.ts';
import { recordSinkSpans, type StoreTarget } from '../telemetry/sinkTrace.ts';
import { FlowMeter } from '../telemetry/stageMeter.ts';
import { createQueueSink } from './bullmq/queue.ts';
import { type CassandraConnection, createCassandraConnection } from './cassandra/connection.ts';
import { createCassandraSink } from './cassandra/sink.ts';
import type { NodeTaskConfig } from './config.ts';
import type { EventRecord, Log, Sink } from './contract.ts';
import { compileDecoder, defaultMaxValueBytes } from './event.ts';
import { createFlow, type Flow, type FlowOptions } from './flow.ts';
import { createDeadLetters } from './kafka/deadLetter.ts';
import { createKafkaSource } from './kafka/source.ts';
import { createRedisSink } from './redis/sink.ts';
import { stageJournal } from './stages.ts';

export interface PipelineFlowDeps {
  readonly log: Log;
  readonly recorder: SpanRecorder;
  /** Told why when only a new process can help. */
  readonly giveUp?: (reason: string) => void;
  /** False: nothing is counted for pathways and the ledger. Only to measure what that costs (test/bench/telemetry.ts). */
  readonly meters?: boolean;
}

/** Makes flows from topics to stores; those of one maker share the connection to Cassandra. */
export function createFlowMaker(
  config: NodeTaskConfig,
  { log, recorder, giveUp, meters = true }: PipelineFlowDeps,
): (name: string) => Flow {
  const cassandra = config.cassandra && createCassandraConnection(config.cassandra, log);
  return (name) => {
    const { pipeline, spec } = config;
    const flow = spec.flows[name] ?? missing(`flow ${name}`);
    if (flow.from.kind !== 'kafka') throw new Error(`flow ${name} does not read a topic`);
    const topic = spec.topics[flow.from.topic] ?? missing(`topic ${flow.from.topic}`);
    const access = config.kafka ?? missing('Kafka');
    const clientId = `${config.task}.${name}`;
    const from = physical.topic(pipeline, flow.from.topic);
    const groupId = physical.consumerGroup(pipeline, name);
    const flowLog = (message: string) => log(`${name}: ${message}`);
    const { sink, store } = sinkOf(config, name, topic, cassandra);
    const onWritten: FlowOptions['onWritten'] = (sampled, { records, receivedMs, startMs, endMs }) =>
      recordSinkSpans(recorder, {
        pipeline,
        flow: name,
        consumerGroup: groupId,
        store,
        records: sampled,
        batchRecords: records,
        receivedMs,
        writeStartMs: startMs,
        writeEndMs: endMs,
      });
    const accepts = acceptsOf(flow.to);
    const sabotage = saboteurOf(config.sabotage, ['sink', name], Date.now());
    return createFlow({
      name,
      source: createKafkaSource({
        ...{ access, clientId, topic: from, groupId, log: flowLog },
        ...(giveUp === undefined ? {} : { giveUp: (reason: string) => giveUp(`${name}: ${reason}`) }),
      }),
      decode: compileDecoder({ schema: topic.schema, maxValueBytes: maxValueBytesOf(spec, flow.from.topic) }),
      sink,
      deadLetters: createDeadLetters({
        access,
        clientId,
        topic: physical.deadLetterTopic(pipeline, flow.from.topic),
        flow: name,
      }),
      log,
      ...(meters
        ? { meter: new FlowMeter({ stage: name, kind: 'sink', journal: stageJournal(config, name, flowLog) }) }
        : {}),
      ...(sabotage === undefined ? {} : { sabotage }),
      ...(recorder.enabled ? { onWritten } : {}),
      ...(accepts === undefined ? {} : { accepts }),
    });
  };
}

function sinkOf(
  config: NodeTaskConfig,
  flow: string,
  topic: TopicSpec,
  connection: CassandraConnection | undefined,
): { readonly sink: Sink; readonly store: StoreTarget } {
  const { pipeline, spec } = config;
  const { schema, retentionMs } = topic;
  const { to } = spec.flows[flow] ?? missing(`flow ${flow}`);
  if (to.kind === 'cassandra') {
    if (connection === undefined) return missing('Cassandra');
    const table = physical.table(to.table);
    const tableSpec = spec.tables[to.table] ?? missing(`table ${to.table}`);
    const sink = createCassandraSink({ connection, table, spec: tableSpec, schema });
    return { sink, store: { system: 'cassandra', namespace: connection.access.keyspace, target: table } };
  }
  const access = config.redis ?? missing('Redis');
  if (to.kind === 'redis') {
    const sink = createRedisSink({ access, pipeline, target: to, schema });
    return { sink, store: { system: 'redis', namespace: pipeline, target: to.projection } };
  }
  if (to.kind === 'ingress') throw new Error('an ingress is fed from a dataset only');
  const queue = physical.queue(pipeline, to.queue);
  const sink = createQueueSink({ access, flow, queue, attempts: to.attempts, retentionMs });
  return { sink, store: { system: 'bullmq', namespace: pipeline, target: queue } };
}

/** What an ingress lets into the topic is not too large for what reads it. */
function maxValueBytesOf(spec: BlueprintSpec, topic: string): number {
  const limits = Object.values(spec.services).flatMap(({ runs }) =>
    runs.kind === 'ingress' && runs.topic === topic ? [runs.maxEventBytes] : [],
  );
  return limits.length === 0 ? defaultMaxValueBytes : Math.max(...limits);
}

function acceptsOf(to: FlowSpec['to']): ((event: EventRecord) => boolean) | undefined {
  if (!('where' in to) || to.where === undefined) return undefined;
  const { where } = to;
  return ({ fields }) => fields[where] === true;
}

function missing(what: string): never {
  throw new Error(`the configuration of this task lacks ${what}`);
}
