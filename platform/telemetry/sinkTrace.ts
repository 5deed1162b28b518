/**
 * Spans of a batch that a sink has written. For each sampled record: if it came through Spark, «spark JOB», from the time
 * its input record entered Kafka until Spark's output record did; then «kafka receive TOPIC», «sink FLOW» and «STORE write
 * TARGET», each a child of the one before. Every record is judged by its own header; a batch without a sampled one costs one
 * look at each header.
 */
import { attribute } from './attributes.ts';
import { derivedSpanId, isSampled, newSpanId, parseTraceparent, type SpanContext } from './context.ts';
import type { SpanRecorder } from './recorder.ts';

/** What is read of a record; `EventRecord` of connectors/contract.ts fits. */
export interface TracedRecord {
  readonly id: string;
  readonly traceparent: string | undefined;
  readonly raw: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: string;
    readonly timestampMs: number;
    readonly headers: Readonly<Record<string, Buffer | string | undefined>>;
  };
}

export interface StoreTarget {
  readonly system: 'cassandra' | 'redis' | 'bullmq';
  /** Keyspace, or whatever the store calls the room of a pipeline. */
  readonly namespace: string;
  /** Table, key or queue. */
  readonly target: string;
}

export interface SinkSpans {
  readonly pipeline: string;
  readonly flow: string;
  readonly consumerGroup: string;
  readonly store: StoreTarget;
  /** Records of the write; the unsampled are skipped here. */
  readonly records: readonly TracedRecord[];
  /** How many the write had, where `records` are not all of them. */
  readonly batchRecords?: number;
  /** Milliseconds since 1970: the batch was handed to the flow; the write began; the store acknowledged. */
  readonly receivedMs: number;
  readonly writeStartMs: number;
  readonly writeEndMs: number;
}

/** Headers by which the Spark runner tells of its stage (frameworks/spark). */
export const sparkHeaders = { job: 'millrace-job', inputTimestampMs: 'millrace-job-in' } as const;

export function recordSinkSpans(recorder: SpanRecorder, spans: SinkSpans): void {
  if (!recorder.enabled) return;
  for (const record of spans.records) {
    if (!isSampled(record.traceparent)) continue;
    const context = parseTraceparent(record.traceparent);
    if (context !== undefined) recordChain(recorder, spans, record, context);
  }
}

function recordChain(recorder: SpanRecorder, spans: SinkSpans, record: TracedRecord, context: SpanContext): void {
  const { traceId } = context;
  const event = { [attribute.pipeline]: spans.pipeline, [attribute.eventId]: record.id };
  const receiveParent = recordSparkSpan(recorder, spans.pipeline, record, context) ?? context.spanId;
  const [receiveId, sinkId] = [newSpanId(), newSpanId()];
  recorder.record({
    name: `kafka receive ${record.raw.topic}`,
    kind: 'consumer',
    traceId,
    spanId: receiveId,
    parentSpanId: receiveParent,
    startMs: record.raw.timestampMs,
    endMs: spans.receivedMs,
    attributes: {
      ...event,
      [attribute.messagingSystem]: 'kafka',
      [attribute.messagingOperationName]: 'poll',
      [attribute.messagingOperationType]: 'receive',
      [attribute.messagingDestination]: record.raw.topic,
      [attribute.messagingPartition]: `${record.raw.partition}`,
      [attribute.messagingConsumerGroup]: spans.consumerGroup,
      [attribute.kafkaOffset]: Number(record.raw.offset),
    },
  });
  recorder.record({
    name: `sink ${spans.flow}`,
    kind: 'internal',
    traceId,
    spanId: sinkId,
    parentSpanId: receiveId,
    startMs: spans.receivedMs,
    endMs: spans.writeEndMs,
    attributes: {
      ...event,
      [attribute.flow]: spans.flow,
      [attribute.messagingBatchCount]: spans.batchRecords ?? spans.records.length,
    },
  });
  recordWrite(recorder, spans, event, traceId, sinkId);
}

function recordWrite(
  recorder: SpanRecorder,
  spans: SinkSpans,
  event: Record<string, string>,
  traceId: string,
  sinkId: string,
): void {
  const { system, namespace, target } = spans.store;
  const isQueue = system === 'bullmq';
  recorder.record({
    name: `${system} write ${target}`,
    kind: isQueue ? 'producer' : 'client',
    traceId,
    spanId: newSpanId(),
    parentSpanId: sinkId,
    startMs: spans.writeStartMs,
    endMs: spans.writeEndMs,
    attributes: isQueue
      ? {
          ...event,
          [attribute.messagingSystem]: system,
          [attribute.messagingOperationName]: 'add',
          [attribute.messagingOperationType]: 'send',
          [attribute.messagingDestination]: target,
        }
      : {
          ...event,
          [attribute.dbSystem]: system,
          [attribute.dbNamespace]: namespace,
          [attribute.dbCollection]: target,
          [attribute.dbOperation]: 'write',
          [attribute.dbBatchSize]: spans.batchRecords ?? spans.records.length,
        },
  });
}

/** Undefined when the record did not come through Spark. */
function recordSparkSpan(
  recorder: SpanRecorder,
  pipeline: string,
  record: TracedRecord,
  context: SpanContext,
): string | undefined {
  // Once: a record from Kafka reads its headers anew each time.
  const { headers } = record.raw;
  const job = headers[sparkHeaders.job]?.toString();
  const startMs = Number(headers[sparkHeaders.inputTimestampMs]?.toString());
  if (job === undefined || !Number.isFinite(startMs)) return undefined;
  const spanId = derivedSpanId(context.traceId, context.spanId, 'spark', job, record.raw.topic, record.id);
  recorder.record({
    service: `${pipeline}.spark`,
    name: `spark ${job}`,
    kind: 'consumer',
    traceId: context.traceId,
    spanId,
    parentSpanId: context.spanId,
    startMs,
    endMs: record.raw.timestampMs,
    attributes: {
      [attribute.pipeline]: pipeline,
      [attribute.eventId]: record.id,
      [attribute.job]: job,
      [attribute.messagingSystem]: 'kafka',
      [attribute.messagingOperationName]: 'process',
      [attribute.messagingOperationType]: 'process',
      [attribute.messagingDestination]: record.raw.topic,
    },
  });
  return spanId;
}
