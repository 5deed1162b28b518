/** What a Kafka source is told, and what its sessions share. */
import type { KafkaAccess } from '../config.ts';
import type { Log } from '../contract.ts';
import type { WatchTimes } from './watchdog.ts';

export interface KafkaSourceOptions {
  readonly access: KafkaAccess;
  readonly clientId: string;
  /** Physical names. */
  readonly topic: string;
  readonly groupId: string;
  readonly log: Log;
  readonly fetch?: Partial<FetchBounds>;
  /** When a reader that stands still is noticed. */
  readonly watch?: WatchTimes;
  /** Told why when a new consumer stands still where the one before did: only a new process can help. */
  readonly giveUp?: (reason: string) => void;
}

export interface FetchBounds {
  /** Most bytes of one partition in one batch. */
  readonly maxBytesPerPartition: number;
  /** How long the broker holds a request when there is nothing to read; what comes is handed out at once. */
  readonly maxWaitMs: number;
  readonly partitionsConcurrently: number;
}

export const fetchBounds: FetchBounds = {
  maxBytesPerPartition: 512 * 1024,
  maxWaitMs: 1000,
  partitionsConcurrently: 8,
};

/** What the sessions of a source have in common, and what outlives them. */
export interface SourceProgress {
  waitingFor: string;
  offsetResets: number;
  skippedRecords: number;
  stalls: number;
  readonly lagOfPartition: Map<number, number>;
}
