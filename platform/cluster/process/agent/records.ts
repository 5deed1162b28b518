/** What stands on disk about a task: what it is meant to be (task.json) and what was last known of its process (run.json). */
import { existsSync } from 'node:fs';
import type { Home } from '../../../home.ts';
import { readState, writeState } from '../../../state-files.ts';
import type { TaskSpec, TaskStatus } from '../../driver.ts';
import { taskPaths } from '../layout.ts';
import type { ProcessIdentity } from '../process-table.ts';

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
  const record = readState<TaskRecord>(paths.taskFile, 'millrace/task/1', (value) => checkTask(value, id));
  if (!record) return undefined;
  return { record, run: readState<RunRecord>(paths.runFile, 'millrace/run/1', checkRun) ?? neverRan };
}

/** Refuses to write over a file that has become corrupt or foreign since it was read. */
export function writeTask(home: Home, record: TaskRecord): void {
  const { id } = record.spec;
  const { taskFile } = taskPaths(home, id);
  if (existsSync(taskFile)) readState<TaskRecord>(taskFile, 'millrace/task/1', (value) => checkTask(value, id));
  writeState(taskFile, record);
}

export function writeRun(home: Home, id: string, run: RunRecord): void {
  writeState(taskPaths(home, id).runFile, run);
}

type Shape = Readonly<Record<string, (value: unknown) => boolean>>;

const isText = (value: unknown) => typeof value === 'string';
const isNumber = (value: unknown) => typeof value === 'number';
const isFlag = (value: unknown) => typeof value === 'boolean';
const isTextOrNull = (value: unknown) => value === null || isText(value);
const isOneOf =
  (...allowed: readonly string[]) =>
  (value: unknown) =>
    isText(value) && allowed.includes(value as string);
const isList = (item: (value: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(item);
const isShape = (shape: Shape) => (value: unknown) =>
  isObject(value) && Object.entries(shape).every(([key, check]) => check(value[key]));
const isTexts = (value: unknown) => isObject(value) && Object.values(value).every(isText);

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
const runShape: Shape = {
  state: isOneOf('starting', 'started', 'ended'),
  process: (value) => value === null || isShape({ pid: isNumber, startTime: isText })(value),
  startedAt: isTextOrNull,
  restarts: isNumber,
  quickEnds: isNumber,
  lastExit: (value) => value === null || isShape({ at: isText })(value),
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

function checkRun(value: unknown): RunRecord {
  checkShape(value, runShape, '');
  return value as RunRecord;
}

function checkShape(value: unknown, shape: Shape, at: string): void {
  if (!isObject(value)) throw new Error(`${at || 'it'} is missing`);
  for (const [key, check] of Object.entries(shape)) {
    if (!check(value[key])) throw new Error(`${at === '' ? key : `${at}.${key}`} is missing or of the wrong kind`);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
