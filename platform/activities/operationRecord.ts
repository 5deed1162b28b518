/**
 * What is known of an operation beside its journal: what it was to do, and how it ended. One state file each, written when it
 * is planned and when its workflow has ended it; the newest are kept.
 */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '../home.ts';
import { operationFile } from '../home.ts';
import type { Ledger } from '../model/ledger.ts';
import type { OperationRecord } from '../model/operationRecord.ts';
import type { Operation } from '../model/operations.ts';
import type { Phase } from '../model/plan.ts';
import { readState, writeState } from '../state-files.ts';
import type { OperationSpan } from '../workflows/activities.ts';

/** With their journals. */
const keptOperations = 200;

export interface Begun {
  readonly kind: OperationRecord['kind'];
  readonly pipeline: string;
  readonly revision: number;
  readonly phases: readonly Phase[];
}

export function operationRecordFile(home: Home, id: string): string {
  return join(home.operationsDir, `${id}.json`);
}

/** Again for the same operation: no change, whether it runs or has ended. */
export function beginOperation(home: Home, operation: Operation, { kind, pipeline, revision, phases }: Begun): void {
  const { id, traceparent, requestedAtMs } = operation;
  if (readOperation(home, id) !== undefined) return;
  const shown = phases.map(({ name, steps }) => ({
    name,
    steps: steps.map(({ id: step, label, input }) => ({
      id: step,
      label,
      ...('task' in input ? { task: input.task } : {}),
    })),
  }));
  const traceId = traceparent.split('-')[1] ?? null;
  const base = { format: 'millrace/operation/1', id, kind, pipeline, revision, traceId } as const;
  writeState<OperationRecord>(operationRecordFile(home, id), {
    ...base,
    requestedAtMs,
    state: 'running',
    phases: shown,
  });
  prune(home);
}

/** What a destroy removed and left. Never throws: all is removed by now, and its result tells the same. */
export function recordLedger(home: Home, id: string, ledger: Ledger): void {
  try {
    const begun = readOperation(home, id);
    if (begun !== undefined) writeState<OperationRecord>(operationRecordFile(home, id), { ...begun, ledger });
  } catch {
    // How it ended is written next, and tells why its record can't be.
  }
}

/**
 * An operation that was refused before it was planned has no steps. Never throws, since what was done is done: answers why its
 * record does not say so.
 */
export function endOperation(home: Home, span: OperationSpan): string | undefined {
  try {
    recordEnd(home, span);
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

function recordEnd(home: Home, { operation: id, failure, name, startMs, endMs, traceparent }: OperationSpan): void {
  if (id === undefined) return;
  const [kind = 'deploy', pipeline = ''] = name.split(' ');
  const begun = readOperation(home, id) ?? {
    ...({
      format: 'millrace/operation/1',
      id,
      kind: kind as OperationRecord['kind'],
      pipeline,
      revision: null,
    } as const),
    ...{ traceId: traceparent.split('-')[1] ?? null, requestedAtMs: startMs, phases: [] },
  };
  const state = failure === undefined ? 'done' : failure.code === 'DEPLOY_CANCELLED' ? 'cancelled' : 'failed';
  const { code, message, meaning, next } = failure ?? {};
  const error =
    failure === undefined ? {} : { error: { code: code!, message: message!, meaning: meaning!, next: next! } };
  writeState<OperationRecord>(operationRecordFile(home, id), { ...begun, state, endedAtMs: endMs, ...error });
}

/** Throws CORRUPT_STATE, FOREIGN_STATE. */
export function readOperation(home: Home, id: string): OperationRecord | undefined {
  return readState<OperationRecord>(operationRecordFile(home, id), 'millrace/operation/1');
}

/** Oldest first go, by when they were last written. */
function prune(home: Home): void {
  const files = readdirSync(home.operationsDir).filter((file) => file.endsWith('.json') && !file.startsWith('.'));
  if (files.length <= keptOperations) return;
  const aged = files.map((file) => ({ file, atMs: statSync(join(home.operationsDir, file)).mtimeMs }));
  for (const { file } of aged.sort((one, other) => other.atMs - one.atMs).slice(keptOperations)) {
    rmSync(join(home.operationsDir, file), { force: true });
    rmSync(operationFile(home, file.slice(0, -'.json'.length)), { force: true });
  }
}
