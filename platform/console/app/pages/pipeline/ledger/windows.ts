/** What the page shows of `millrace ledger --json`. The contract leaves its shape open, so it is read with care. Pure. */

export type WindowState = 'balanced' | 'in-flight' | 'unbalanced' | 'unknown';

export interface FaultView {
  readonly stage: string;
  readonly text: string;
  /** When, and with which note; null: nobody has. */
  readonly acknowledged: { readonly atMs: number; readonly note: string | null } | null;
}

export interface LedgerWindow {
  readonly originMs: number;
  /** ISO-8601, as the API takes it back. */
  readonly origin: string;
  readonly state: WindowState;
  readonly faults: readonly FaultView[];
  readonly waitsFor: readonly string[];
}

export interface PlacedFault {
  readonly window: Pick<LedgerWindow, 'originMs' | 'origin'>;
  readonly fault: FaultView;
}

export interface LedgerView {
  readonly windowMs: number;
  /** Oldest first. */
  readonly windows: readonly LedgerWindow[];
  /** Open faults that none of `windows` tells: of windows that the stages have given up, or that are not known now. */
  readonly besides: readonly PlacedFault[];
  readonly lost: number;
  readonly duplicated: number;
  readonly replayed: number;
  /** What makes the ledger say less than it could. */
  readonly notes: readonly string[];
}

const states: readonly string[] = ['balanced', 'in-flight', 'unbalanced', 'unknown'];

/** Undefined when it is no ledger at all. */
export function readLedger(answer: unknown): LedgerView | undefined {
  if (!isRecord(answer) || !Array.isArray(answer.windows)) return undefined;
  const windows = answer.windows.filter(isRecord).map(
    (window): LedgerWindow => ({
      originMs: numberOf(window.originMs),
      origin: String(window.origin),
      state: states.includes(String(window.state)) ? (window.state as WindowState) : 'unknown',
      faults: (Array.isArray(window.faults) ? window.faults : []).map(faultOf),
      waitsFor: (Array.isArray(window.waitsFor) ? window.waitsFor : []).map(String),
    }),
  );
  return {
    windowMs: numberOf(answer.windowMs),
    windows: windows.sort((one, other) => one.originMs - other.originMs),
    besides: besidesOf(answer.openFaults, windows),
    lost: numberOf(answer.lost),
    duplicated: numberOf(answer.duplicated),
    replayed: numberOf(answer.replayed),
    notes: (Array.isArray(answer.faults) ? answer.faults : []).map(String),
  };
}

function besidesOf(open: unknown, windows: readonly LedgerWindow[]): readonly PlacedFault[] {
  const told = new Set(windows.flatMap(({ originMs, faults }) => faults.map(({ stage }) => `${originMs} ${stage}`)));
  return (Array.isArray(open) ? open : []).filter(isRecord).flatMap((fault) => {
    const [originMs, view] = [numberOf(fault.originMs), faultOf(fault)];
    return told.has(`${originMs} ${view.stage}`)
      ? []
      : [{ window: { originMs, origin: String(fault.origin) }, fault: view }];
  });
}

/** Of what had come in by then; what became of it since is in it. The sums are those of now: they can't be parted by time. */
export function ledgerUntil(ledger: LedgerView, atMs: number): LedgerView {
  return {
    ...ledger,
    windows: ledger.windows.filter(({ originMs }) => originMs <= atMs),
    besides: ledger.besides.filter(({ window }) => window.originMs <= atMs),
  };
}

/** Every fault of the ledger, oldest first, whether or not its window is still there. */
export function placedFaults({ windows, besides }: LedgerView): readonly PlacedFault[] {
  const told = windows.flatMap((window) => window.faults.map((fault) => ({ window, fault })));
  return [...told, ...besides].sort((one, other) => one.window.originMs - other.window.originMs);
}

function faultOf(fault: unknown): FaultView {
  if (!isRecord(fault)) return { stage: '', text: String(fault), acknowledged: null };
  const { text, acknowledged } = fault;
  const stage = String(fault.stage);
  if (!isRecord(acknowledged)) return { stage, text: String(text), acknowledged: null };
  const note = typeof acknowledged.note === 'string' ? acknowledged.note : null;
  return { stage, text: String(text), acknowledged: { atMs: numberOf(acknowledged.atMs), note } };
}

/** Whether there is a fault in it that nobody has acknowledged. */
export function isOpen({ faults }: Pick<LedgerWindow, 'faults'>): boolean {
  return faults.some(({ acknowledged }) => acknowledged === null);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
