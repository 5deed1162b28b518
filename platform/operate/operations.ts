/** Operations as they are seen: their records and journals, put together. Works while they run, and after a crash. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readOperation } from '../activities/operationRecord.ts';
import type { OperationStep, OperationView } from '../api/contract/control.ts';
import { type Home, operationFile } from '../home.ts';
import type { Ledger } from '../model/ledger.ts';
import type { OperationRecord } from '../model/operationRecord.ts';
import type { JournalEntry } from '../model/operations.ts';

/** Undefined: there is none of this id, or it is one of the long forgotten. Throws CORRUPT_STATE, FOREIGN_STATE. */
export function operationView(home: Home, id: string): OperationView | undefined {
  const record = readOperation(home, id);
  return record && viewOf(record, readJournal(home, id));
}

/** Newest first. A record that can't be read is left out: it must not hide the others. */
export function listOperations(home: Home, limit: number): readonly OperationView[] {
  const ids = idsIn(home.operationsDir).slice(0, limit);
  return ids.flatMap((id) => {
    try {
      return operationView(home, id) ?? [];
    } catch {
      return [];
    }
  });
}

function idsIn(directory: string): string[] {
  try {
    const files = readdirSync(directory).filter((file) => file.endsWith('.json') && !file.startsWith('.'));
    // One that is pruned meanwhile is none.
    const aged = files.flatMap((file) => {
      const found = statSync(join(directory, file), { throwIfNoEntry: false });
      return found === undefined ? [] : [{ file, atMs: found.birthtimeMs }];
    });
    return aged.sort((one, other) => other.atMs - one.atMs).map(({ file }) => file.slice(0, -'.json'.length));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** A last line that is torn is not there yet. */
function readJournal(home: Home, id: string): JournalEntry[] {
  let text: string;
  try {
    text = readFileSync(operationFile(home, id), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as JournalEntry];
    } catch {
      return [];
    }
  });
}

/** Pure. */
export function viewOf(record: OperationRecord, journal: readonly JournalEntry[]): OperationView {
  const steps = new Map<string, OperationStep>();
  for (const { name, steps: planned } of record.phases) {
    for (const { id, label, task } of planned) {
      steps.set(`${record.pipeline}/${id}`, { ...waiting, id, phase: name, title: label, task: task ?? null });
    }
  }
  for (const entry of journal) {
    const key = `${entry.scope}/${entry.step}`;
    steps.set(key, advanced(steps.get(key) ?? unplanned(record, entry), entry));
  }
  const { id, kind, pipeline, revision, state, requestedAtMs: startMs, endedAtMs, error, traceId, ledger } = record;
  const base = {
    id,
    kind,
    pipeline,
    revision,
    state,
    startMs,
    endMs: endedAtMs ?? null,
    error: error ?? null,
    traceId,
  };
  return { ...base, workflowUrl: null, steps: [...steps.values()], ledger: ledger ? copyOf(ledger) : null };
}

function copyOf({ removed, kept, left }: Ledger): OperationView['ledger'] {
  return { removed: [...removed], kept: [...kept], left: [...left] };
}

const waiting = { state: 'waiting', startMs: null, endMs: null, attempts: 0, reason: null } as const;

/** A step of a framework's own workflow bears the framework's name. */
export function stepIdOf(pipeline: string, { scope, step }: Pick<JournalEntry, 'scope' | 'step'>): string {
  return scope === pipeline ? step : `${scope}/${step}`;
}

/** Of a framework's own workflow, of a removal, of an undo. */
function unplanned(record: OperationRecord, { scope, step, label }: JournalEntry): OperationStep {
  const isUndo = step.startsWith('undo:');
  const phase = scope !== record.pipeline ? scope : isUndo ? (record.kind === 'destroy' ? 'remove' : 'undo') : 'steps';
  const id = stepIdOf(record.pipeline, { scope, step });
  return { ...waiting, id, phase, title: label, task: /^(?:launch|ready):(.+)$/.exec(step)?.[1] ?? null };
}

function advanced(step: OperationStep, { at, state, text, ms }: JournalEntry): OperationStep {
  const atMs = Date.parse(at);
  const reason = text ?? null;
  if (state === 'started') {
    const attempts = step.attempts + 1;
    return { ...step, state: 'running', attempts, startMs: step.startMs ?? atMs, endMs: null, reason };
  }
  const isOver = state === 'done' || state === 'failed' || state === 'undone';
  if (!isOver) return { ...step, state: 'running', startMs: step.startMs ?? atMs, reason };
  return {
    ...step,
    state,
    endMs: atMs,
    startMs: step.startMs ?? atMs - (ms ?? 0),
    reason: state === 'done' ? null : reason,
  };
}
