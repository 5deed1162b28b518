/** What was last known of a task's process (run.json), beside what it is meant to be (cluster/tasks/records.ts). */
import type { Home } from '../../../home.ts';
import { readState, writeState } from '../../../state-files.ts';
import type { TaskStatus } from '../../driver.ts';
import { taskPaths } from '../../tasks/layout.ts';
import { readRecord, type TaskRecord } from '../../tasks/records.ts';
import { checkShape, isNumber, isOneOf, isShape, isText, isTextOrNull, type Shape } from '../../tasks/shapes.ts';
import type { ProcessIdentity } from '../process-table.ts';

export interface RunRecord {
  readonly format: 'millrace/run/1';
  /** `starting` is written before the process is started, so that no process is ever unknown; `ended` covers never started. */
  readonly state: 'starting' | 'started' | 'ended';
  readonly process: ProcessIdentity | null;
  readonly startedAt: string | null;
  readonly restarts: number;
  readonly quickEnds: number;
  readonly lastExit: TaskStatus['lastExit'];
}

export const neverRan: RunRecord = {
  format: 'millrace/run/1',
  state: 'ended',
  process: null,
  startedAt: null,
  restarts: 0,
  quickEnds: 0,
  lastExit: null,
};

export interface StoredTask {
  readonly record: TaskRecord;
  readonly run: RunRecord;
}

/** Undefined: no such task. Throws CORRUPT_STATE, FOREIGN_STATE, STATE_UNAVAILABLE. */
export function readTask(home: Home, id: string): StoredTask | undefined {
  const paths = taskPaths(home, id);
  const record = readRecord(paths, id);
  if (!record) return undefined;
  return { record, run: readState<RunRecord>(paths.runFile, 'millrace/run/1', checkRun) ?? neverRan };
}

export function writeRun(home: Home, id: string, run: RunRecord): void {
  writeState(taskPaths(home, id).runFile, run);
}

const runShape: Shape = {
  state: isOneOf('starting', 'started', 'ended'),
  process: (value) => value === null || isShape({ pid: isNumber, startTime: isText })(value),
  startedAt: isTextOrNull,
  restarts: isNumber,
  quickEnds: isNumber,
  lastExit: (value) => value === null || isShape({ at: isText })(value),
};

function checkRun(value: unknown): RunRecord {
  checkShape(value, runShape, '');
  return value as RunRecord;
}
