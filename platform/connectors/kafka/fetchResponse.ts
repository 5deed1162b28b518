/**
 * Lets kafkajs 2.2.4 fetch without decoding records: it is given one message per record batch, which carries the batch as it
 * came (see recordBatch.ts). Done on one client object by replacing how its brokers decode a fetch response, version 11; other
 * clients of the process are left as they are, and any other version or record format goes kafkajs' own way.
 */
import type { Kafka, KafkaMessage } from 'kafkajs';
import type { RawRecord } from '../contract.ts';
import { type Broker, changeClusters, type Response } from './clusters.ts';
import {
  controlKey,
  isControl,
  isTransactional,
  type RecordBatch,
  readRecordBatches,
  readRecords,
} from './recordBatch.ts';

/** A message that stands for a whole record batch; its offset is the last one of the batch. */
interface BatchMessage {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
  readonly recordBatch: RecordBatch;
}

const fetchVersion = 11;

/** Told for each partition of an answer to a fetch: up to `end` there is something to read. */
export type OnAnswer = (partition: number, end: bigint) => void;

/** Call it before `kafka.consumer()`. */
export function fetchRecordBatches(kafka: Kafka, onAnswer: OnAnswer = () => {}): void {
  changeClusters(kafka, (cluster) => {
    const find = cluster.findBroker.bind(cluster);
    const patched = new WeakSet<Broker>();
    cluster.findBroker = async (which) => {
      const broker = await find(which);
      if (!patched.has(broker)) patchFetch(broker, onAnswer);
      patched.add(broker);
      return broker;
    };
  });
}

function patchFetch(broker: Broker, onAnswer: OnAnswer): void {
  const fetch = broker.fetch;
  const lookup: Broker['lookupRequest'] = (apiKey, definition) => (args) => {
    const made = broker.lookupRequest(apiKey, definition)(args);
    if (made.request.apiVersion !== fetchVersion) return made;
    return { ...made, response: { ...made.response, decode: (bytes) => decode(bytes, made.response, onAnswer) } };
  };
  const withLookup = new Proxy(broker, {
    get: (target, property) => (property === 'lookupRequest' ? lookup : Reflect.get(target, property)),
  });
  broker.fetch = (args) => fetch.call(withLookup, args);
}

/** https://kafka.apache.org/protocol#The_Messages_Fetch, version 11. */
async function decode(bytes: Buffer, original: Response, onAnswer: OnAnswer): Promise<unknown> {
  const reader = new Reader(bytes);
  const clientSideThrottleTime = reader.int32();
  const errorCode = reader.int16();
  const sessionId = reader.int32();
  let isReadable = true;
  const responses = reader.array(() => ({
    topicName: reader.text(),
    partitions: reader.array(() => {
      const partition = readPartition(reader);
      if (partition.messages === undefined) isReadable = false;
      if (partition.errorCode === 0) onAnswer(partition.partition, BigInt(partition.lastStableOffset));
      return partition;
    }),
  }));
  return isReadable
    ? { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses }
    : original.decode(bytes);
}

function readPartition(reader: Reader) {
  return {
    partition: reader.int32(),
    errorCode: reader.int16(),
    highWatermark: reader.int64(),
    lastStableOffset: reader.int64(),
    lastStartOffset: reader.int64(),
    abortedTransactions: reader.array(() => ({ producerId: reader.int64(), firstOffset: reader.int64() })),
    preferredReadReplica: reader.int32(),
    messages: readRecordBatches(reader.bytes())?.map(batchMessage),
  };
}

function batchMessage(recordBatch: RecordBatch): BatchMessage {
  const isControlRecord = isControl(recordBatch);
  return {
    offset: `${recordBatch.lastOffset}`,
    key: isControlRecord ? controlKey(recordBatch) : null,
    isControlRecord,
    batchContext: { producerId: `${recordBatch.producerId}`, inTransaction: isTransactional(recordBatch) },
    recordBatch,
  };
}

/** The records of a kafkajs batch from `fromOffset` on, whichever way its messages were decoded. */
export function recordsOf(
  messages: readonly KafkaMessage[],
  topic: string,
  partition: number,
  fromOffset: number,
): RawRecord[] {
  const records: RawRecord[] = [];
  for (const message of messages) {
    const { recordBatch } = message as Partial<BatchMessage>;
    if (recordBatch !== undefined) {
      readRecords(recordBatch, topic, partition, fromOffset, records);
      continue;
    }
    const { offset, timestamp, key, value, headers } = message;
    if (Number(offset) < fromOffset) continue;
    const known = (headers ?? {}) as RawRecord['headers'];
    records.push({ topic, partition, offset, timestampMs: Number(timestamp), key, value, headers: known });
  }
  return records;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  int64(): string {
    this.#at += 8;
    return `${this.#bytes.readBigInt64BE(this.#at - 8)}`;
  }

  text(): string {
    const length = this.int16();
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  bytes(): Buffer {
    const length = Math.max(0, this.int32());
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  array<T>(readOne: () => T): T[] {
    const length = Math.max(0, this.int32());
    return Array.from({ length }, readOne);
  }
}
