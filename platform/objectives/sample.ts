/** What one look at a pipeline tells about its objectives. Pure: the adapter from what the observer sees. */

/** Latency of what arrived since the look before; null: nothing did. Age of what waits; null: not known. */
export interface Progress {
  readonly p99Ms: number | null;
  readonly lagSeconds: number | null;
}

export interface WindowSample {
  readonly originMs: number;
  readonly endMs: number;
  /** Or somebody has acknowledged all that is wrong with it. */
  readonly isBalanced: boolean;
  readonly isAcknowledged: boolean;
  readonly events: number;
  /** Lost, doubled or exchanged, and not acknowledged. */
  readonly faulty: number;
}

export interface Sample {
  readonly atMs: number;
  /** False while nobody expects results: it is being deployed or destroyed, or was stopped. Freshness is then not judged. */
  readonly isExpected: boolean;
  readonly ends: Progress;
  readonly stages: Readonly<Record<string, Progress>>;
  /** Windows of the ledger that are judged. */
  readonly windows: readonly WindowSample[];
}

interface SeenLatency {
  readonly p99Ms: number;
  readonly count: number;
}
/** Of PipelineSummary and HistoryPoint (platform/api/contract/pipelines.ts), what is used here. */
export interface SeenPipeline {
  readonly state: string;
  readonly endToEnd: SeenLatency | null;
  readonly lagSeconds: number | null;
}
export interface SeenStage {
  readonly endToEnd: SeenLatency | null;
  readonly lagSeconds: number | null;
}
/** Of PipelineLedger (platform/observe/ledger.ts), what is used here. */
export interface SeenLedger {
  readonly windowMs: number;
  readonly windows: readonly {
    readonly originMs: number;
    readonly state: string;
    readonly stages: readonly { readonly out?: { readonly count: number } }[];
    readonly faults: readonly { readonly events: number; readonly acknowledged?: object }[];
  }[];
}

const unexpecting = new Set(['stopped', 'deploying', 'destroying']);

/**
 * `stages`: of the newest point of the observer's history; without them, objectives about one stage are not judged. A
 * ledger that could not be read is undefined: then completeness is not judged.
 */
export function sampleOf(
  summary: SeenPipeline,
  ledger: SeenLedger | undefined,
  { atMs, stages = {} }: { readonly atMs: number; readonly stages?: Readonly<Record<string, SeenStage>> },
): Sample {
  return {
    atMs,
    isExpected: !unexpecting.has(summary.state),
    ends: progressOf(summary),
    stages: Object.fromEntries(Object.entries(stages).map(([name, stage]) => [name, progressOf(stage)])),
    windows: ledger === undefined ? [] : windowsOf(ledger),
  };
}

function progressOf({ endToEnd, lagSeconds }: SeenStage): Progress {
  return { p99Ms: endToEnd === null || endToEnd.count === 0 ? null : endToEnd.p99Ms, lagSeconds };
}

function windowsOf({ windows, windowMs }: SeenLedger): readonly WindowSample[] {
  return windows.flatMap(({ originMs, state, stages, faults }) => {
    if (state !== 'balanced' && state !== 'unbalanced') return [];
    // As `millrace ledger` shows it: what the ingress took in is the most that any stage has handed on.
    const events = Math.max(0, ...stages.map(({ out }) => out?.count ?? 0));
    const open = faults.filter(({ acknowledged }) => acknowledged === undefined);
    const faulty = open.reduce((sum, fault) => sum + fault.events, 0);
    const isAcknowledged = faults.length > 0 && open.length === 0;
    const isBalanced = state === 'balanced' || isAcknowledged;
    return [{ originMs, endMs: originMs + windowMs, isBalanced, isAcknowledged, events, faulty }];
  });
}
