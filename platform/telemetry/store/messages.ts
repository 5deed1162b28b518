/** What goes between the process's main thread and the store's two threads. Plain data: it is copied. */
import type { ErrorCode, ErrorDetails } from '../../errors.ts';
import type { SpanData } from '../span.ts';
import type { Origin, StoredLog, StoredMetricPoint, StoreStats } from './contract.ts';

export interface ThreadOptions {
  readonly directory: string;
  readonly maxBytes: number;
  readonly retentionMs: number;
}

export interface Batch {
  readonly spans: readonly { readonly origin: Origin; readonly spans: readonly SpanData[] }[];
  readonly points: readonly StoredMetricPoint[];
  readonly logs: readonly StoredLog[];
}

export type ToWriter =
  | { readonly kind: 'write'; readonly batch: Batch }
  /** Follow the span files of a directory from now on. */
  | { readonly kind: 'follow'; readonly spansDir: string }
  /** Take in what is in the span files now, then answer `caughtUp`. */
  | { readonly kind: 'catchUp'; readonly id: number }
  | { readonly kind: 'close' };

export type FromWriter =
  | { readonly kind: 'ready'; readonly stats: StoreStats }
  | { readonly kind: 'refused'; readonly error: ErrorData }
  /** A batch is stored or dropped. */
  | { readonly kind: 'written'; readonly stats: StoreStats }
  | { readonly kind: 'stats'; readonly stats: StoreStats }
  | { readonly kind: 'caughtUp'; readonly id: number; readonly stats: StoreStats }
  | { readonly kind: 'trouble'; readonly text: string }
  | { readonly kind: 'closed' };

export interface ToReader {
  readonly id: number;
  readonly query: string;
  readonly arguments: readonly unknown[];
}
export interface FromReader {
  readonly id: number;
  readonly answer?: unknown;
  readonly error?: ErrorData;
}

/** An error of the table, or the message of any other. */
export type ErrorData =
  | { readonly code: ErrorCode; readonly details: ErrorDetails }
  | { readonly code: null; readonly message: string };
