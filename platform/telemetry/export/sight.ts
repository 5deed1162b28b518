/**
 * What the export reads of a pipeline: what its tasks have counted, and what was found by comparing them. The replies and
 * reports of `platform/observe` fit as they are (TaskReply, PipelineLedger, LagReport, PipelineSummary's state).
 */
import type { WindowState } from '../conservation/report.ts';
import type { StageReport } from '../stageMeter.ts';

export interface TaskSight {
  readonly task: string;
  /** Empty of a task that could not be asked, or has no stages. */
  readonly stages: readonly StageReport[];
}

export interface LedgerSight {
  /** Those that are still kept. */
  readonly windows: readonly {
    readonly state: WindowState;
    readonly faults?: readonly { readonly acknowledged?: object }[];
  }[];
  readonly lost: number;
  readonly duplicated: number;
}

export interface HopSight {
  readonly hop: string;
  /** As Kafka knows it. */
  readonly topic: string;
  readonly lagRecords: number | null;
  readonly lagSeconds: number | null;
  readonly drainSeconds: number | null;
}

export interface ObjectiveSight {
  readonly name: string;
  /** Share of good events or windows, 0–1: what is asked for, and what was reached. */
  readonly target: number;
  readonly reached: number | null;
  /** By window: `5m`, `1h`. */
  readonly burnRates: Readonly<Record<string, number | null>>;
}

export interface PipelineSight {
  readonly pipeline: string;
  readonly tasks: readonly TaskSight[];
  readonly state?: string | undefined;
  readonly ledger?: LedgerSight | undefined;
  readonly lag?: { readonly hops: readonly HopSight[] } | undefined;
  readonly objectives?: readonly ObjectiveSight[] | undefined;
  /** Spans that each task could not write down or send, since its process began. */
  readonly spansDropped?: Readonly<Record<string, number>> | undefined;
}
