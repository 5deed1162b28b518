/** What stands on disk about a task, whoever runs it: what it is meant to be (task.json). */
import { existsSync } from 'node:fs';
import { readState, writeState } from '../../state-files.ts';
import type { TaskSpec } from '../driver.ts';
import type { TaskPaths } from './layout.ts';
import { checkShape, isFlag, isList, isNumber, isOneOf, isShape, isText, isTexts, type Shape } from './shapes.ts';

/** The spec without the contents of its files, which may be secret. */
export interface StoredSpec extends Omit<TaskSpec, 'files'> {
  readonly files: readonly { readonly path: string; readonly mode?: number }[];
}

export function withoutContents(spec: TaskSpec): StoredSpec {
  return { ...spec, files: spec.files.map(({ content: _, ...file }) => file) };
}

export interface TaskRecord {
  readonly format: 'millrace/task/1';
  readonly spec: StoredSpec;
  readonly specHash: string;
  readonly desired: 'running' | 'stopped';
  /** Stopped with the whole cluster, whatever is desired; started again with it. */
  readonly suspended: boolean;
  /** False while its files are being written: a launch that was cut short is not started from half of them. */
  readonly complete: boolean;
}

/** Undefined: no such task. Throws CORRUPT_STATE, FOREIGN_STATE, STATE_UNAVAILABLE. */
export function readRecord({ taskFile }: TaskPaths, id: string): TaskRecord | undefined {
  return readState<TaskRecord>(taskFile, 'millrace/task/1', (value) => checkTask(value, id));
}

/** Refuses to write over a file that has become corrupt or foreign since it was read. */
export function writeRecord(paths: TaskPaths, record: TaskRecord): void {
  if (existsSync(paths.taskFile)) readRecord(paths, record.spec.id);
  writeState(paths.taskFile, record);
}

const specShape: Shape = {
  id: isText,
  node: isText,
  owner: isShape({ kind: isText, name: isText }),
  argv: (value) => isList(isText)(value) && (value as unknown[]).length > 0,
  env: isTexts,
  files: isList(isShape({ path: isText })),
  ports: isList(isShape({ name: isText, address: isText, port: isNumber })),
  limits: isShape({ cpus: isNumber, memoryMiB: isNumber }),
  stop: isShape({ signal: isOneOf('SIGTERM', 'SIGINT'), graceMs: isNumber }),
  tier: isNumber,
  keepsData: isFlag,
};
const taskShape: Shape = {
  specHash: isText,
  desired: isOneOf('running', 'stopped'),
  suspended: isFlag,
  complete: isFlag,
};
/** Throws an Error that names the first part that is not as it must be. Also the check of a spec that comes in by the socket. */
export function checkSpec(value: unknown): void {
  checkShape(value, specShape, 'spec');
}

function checkTask(value: unknown, id: string): TaskRecord {
  checkShape(value, taskShape, '');
  const record = value as unknown as TaskRecord;
  checkSpec(record.spec);
  if (record.spec.id !== id) throw new Error(`it is about task "${record.spec.id}", not "${id}"`);
  return record;
}
