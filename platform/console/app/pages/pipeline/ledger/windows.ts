/** What the page shows of `millrace ledger --json`. The contract leaves its shape open, so it is read with care. Pure. */

export type WindowState = 'balanced' | 'in-flight' | 'unbalanced' | 'unknown';

export interface LedgerWindow {
  readonly originMs: number;
  readonly state: WindowState;
  readonly faults: readonly string[];
  readonly waitsFor: readonly string[];
}

export interface LedgerView {
  readonly windowMs: number;
  /** Oldest first. */
  readonly windows: readonly LedgerWindow[];
  readonly lost: number;
  readonly duplicated: number;
  readonly replayed: number;
  /** What makes the ledger say less than it could. */
  readonly faults: readonly string[];
}

const states: readonly string[] = ['balanced', 'in-flight', 'unbalanced', 'unknown'];

/** Undefined when it is no ledger at all. */
export function readLedger(answer: unknown): LedgerView | undefined {
  if (!isRecord(answer) || !Array.isArray(answer.windows)) return undefined;
  const windows = answer.windows.filter(isRecord).map(
    (window): LedgerWindow => ({
      originMs: numberOf(window.originMs),
      state: states.includes(String(window.state)) ? (window.state as WindowState) : 'unknown',
      faults: (Array.isArray(window.faults) ? window.faults : []).map((fault) =>
        isRecord(fault) ? String(fault.text) : String(fault),
      ),
      waitsFor: (Array.isArray(window.waitsFor) ? window.waitsFor : []).map(String),
    }),
  );
  return {
    windowMs: numberOf(answer.windowMs),
    windows: windows.sort((one, other) => one.originMs - other.originMs),
    lost: numberOf(answer.lost),
    duplicated: numberOf(answer.duplicated),
    replayed: numberOf(answer.replayed),
    faults: (Array.isArray(answer.faults) ? answer.faults : []).map(String),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
