/** What the observer, which watches all pipelines all the time, tells the API. */
import type {
  History,
  HistoryPoint,
  PipelineGraph,
  PipelineState,
  PipelineSummary,
} from '../api/contract/pipelines.ts';
import type { LagReport } from './lag.ts';
import type { PipelineLedger } from './ledger.ts';
import type { Acknowledging } from './watch/books.ts';
import type { KnownFault } from './watch/booksFile.ts';

export type WatchEvent =
  /** After each look at a pipeline, once a second or so. */
  | {
      readonly kind: 'seen';
      readonly pipeline: string;
      readonly summary: PipelineSummary;
      readonly graph: PipelineGraph;
    }
  | {
      readonly kind: 'state';
      readonly pipeline: string;
      readonly from: PipelineState | null;
      readonly to: PipelineState;
      readonly reason: string;
    }
  /** A window that does not balance, once for each stage and window. */
  | {
      readonly kind: 'fault';
      readonly pipeline: string;
      readonly origin: string;
      readonly stage: string;
      readonly fault: 'lost' | 'doubled' | 'exchanged';
      readonly events: number;
      readonly text: string;
    }
  /** Faults of the ledger that somebody has seen, and that count no longer. */
  | {
      readonly kind: 'acknowledged';
      readonly pipeline: string;
      /** Start of the window, ISO-8601; null: of all. */
      readonly origin: string | null;
      readonly note: string | null;
      readonly faults: number;
      readonly windows: number;
    };

export interface Watcher {
  start(): void;
  stop(): Promise<void>;
  /** As last seen; pipelines that are recorded, whether or not anything of them runs. */
  summaries(): readonly PipelineSummary[];
  summary(pipeline: string): PipelineSummary | undefined;
  /** `atMs`: as it was then, from the history; undefined when there is none. */
  graph(pipeline: string, atMs?: number): PipelineGraph | undefined;
  history(pipeline: string, span: { readonly fromMs: number; readonly toMs: number; readonly points: number }): History;
  /** The newest point of the history, from memory: of the last second or so; undefined: there is none of this process yet. */
  newest(pipeline: string): HistoryPoint | undefined;
  ledger(pipeline: string): PipelineLedger | undefined;
  lag(pipeline: string): LagReport | undefined;
  /** Of the ledger: what was found in the last day, oldest first, acknowledged or not. */
  faults(pipeline: string): readonly KnownFault[];
  /** From now on the faults that are there count no longer. Answers which those were. Throws STATE_UNAVAILABLE. */
  acknowledge(pipeline: string, what?: Acknowledging): readonly KnownFault[];
  /** Answers a function that ends it. */
  on(listener: (event: WatchEvent) => void): () => void;
}
