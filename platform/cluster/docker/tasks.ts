/** Tasks of one home as containers: made, ended, forgotten. The engine restarts them; nothing of ours needs to run for that. */
import { existsSync } from 'node:fs';
import { asMillraceError, fail, type MillraceError } from '../../errors.ts';
import type { LedgerEntry } from '../../model/ledger.ts';
import type { TaskSpec } from '../driver.ts';
import {
  prepareDirectories,
  removeDirectory,
  removeTaskRoot,
  taskIdsOnDisk,
  writeTaskFiles,
} from '../tasks/directory.ts';
import { markOf, specHash, type TaskPaths, taskFilePath } from '../tasks/layout.ts';
import { readRecord, type TaskRecord, withoutContents, writeRecord } from '../tasks/records.ts';
import { type Around, pathsOf } from './around.ts';
import { containerOf, type StartedSpec } from './container.ts';
import { asked, askedExcept, messageOf, statusCodeOf } from './engine.ts';
import { lookAt } from './look.ts';
import { labels } from './names.ts';
import { ensureNode } from './nodes.ts';
import { conflictOf, type PortHolder } from './ports.ts';
import { noteStart } from './seen.ts';
import { type Container, shouldRun } from './status.ts';

/** Undefined: unknown id. Throws CORRUPT_STATE, FOREIGN_STATE. */
export function recordOf(around: Around, id: string): TaskRecord | undefined {
  return readRecord(pathsOf(around, id), id);
}

export interface Known {
  readonly records: readonly TaskRecord[];
  readonly refused: readonly { readonly id: string; readonly error: MillraceError }[];
}

export function knownTasks(around: Around): Known {
  const { home } = around;
  if (!existsSync(home.containersDir)) return { records: [], refused: [] };
  const records: TaskRecord[] = [];
  const refused: { id: string; error: MillraceError }[] = [];
  for (const id of taskIdsOnDisk(home.containersDir)) {
    try {
      const record = recordOf(around, id);
      if (record) records.push(record);
    } catch (thrown) {
      refused.push({ id, error: asMillraceError(thrown) });
    }
  }
  return { records, refused };
}

export const holdersOf = (records: readonly TaskRecord[]): readonly PortHolder[] =>
  records.map(({ spec }) => ({ id: spec.id, ports: spec.ports }));

/** Killed after any line, the next launch finishes: the record says `complete` last, and the container carries the spec's hash. */
export async function launchTask(around: Around, spec: TaskSpec): Promise<void> {
  const paths = pathsOf(around, spec.id);
  for (const { path } of spec.files) taskFilePath(paths, path);
  refuseTakenPort(around, spec);
  const hash = specHash(spec);
  const there = await lookAt(around.engine, around.names.task(spec.id));
  const known = recordOf(around, spec.id);
  const same = there?.Config.Labels[labels.specHash] === hash && known?.complete === true && known.specHash === hash;
  const record = { format: 'millrace/task/1', spec: withoutContents(spec), specHash: hash, suspended: false } as const;
  if (!same) {
    await discard(around, spec.id, there);
    writeRecord(paths, { ...record, desired: 'running', complete: false });
    writeTaskFiles(paths, spec.files);
  }
  if (!same || !shouldRun(known)) writeRecord(paths, { ...record, desired: 'running', complete: true });
  if (!there?.State.Running || !same) await startTask(around, spec, hash);
}

/** Throws PORT_TAKEN. A node's network is its tasks' alone: only another task can have the port. */
function refuseTakenPort(around: Around, spec: Pick<TaskSpec, 'id' | 'ports'>): void {
  const conflict = conflictOf(spec, holdersOf(knownTasks(around).records));
  if (conflict) fail('PORT_TAKEN', { ...conflict, task: spec.id });
}

/** Makes the container if there is none, and starts it. What the engine says when it can't is kept by it, for `status`. */
export async function startTask(around: Around, spec: StartedSpec, hash: string): Promise<void> {
  const { engine, names, image, shares } = around;
  const paths = pathsOf(around, spec.id);
  const node =
    around.nodes().find(({ id }) => id === spec.node) ?? fail('INTERNAL', { reason: `there is no node ${spec.node}` });
  await ensureNode(engine, names, image, node);
  const there = await lookAt(engine, names.task(spec.id));
  // What runs is left as it is: its directories are in use, and when we started it is known.
  if (there?.State.Running && !there.State.Restarting) return;
  prepareDirectories(paths, spec.keepsData);
  if (there === undefined) {
    const context = { names, image, shares, paths, specHash: hash, mark: markOf(names.home, spec.id) };
    await askedExcept(engine, engine.createContainer(containerOf(spec, context)), [409]);
  }
  try {
    await engine.getContainer(names.task(spec.id)).start();
  } catch (thrown) {
    // 304: it runs. 400, 404: there is no such program, which the container's state tells from now on.
    const told = [304, 400, 404].includes(statusCodeOf(thrown) ?? 0) && !/No such container/.test(messageOf(thrown));
    if (!told) await asked(engine, Promise.reject(thrown));
  }
  await noteStart(around, spec.id);
}

/** Ends the task and removes its container. */
async function discard({ engine, names }: Around, id: string, there: Container | undefined): Promise<void> {
  if (there === undefined) return;
  await askedExcept(engine, engine.getContainer(names.task(id)).stop(), [304, 404]);
  await askedExcept(engine, engine.getContainer(names.task(id)).remove({ force: true }), [404, 409]);
}

/** Ends the task; its container stays. False: it did not run. */
export async function endTask({ engine, names }: Around, id: string): Promise<boolean> {
  const there = await lookAt(engine, names.task(id));
  if (!there?.State.Running) return false;
  await askedExcept(engine, engine.getContainer(names.task(id)).stop(), [304, 404]);
  return true;
}

export async function forgetTask(around: Around, id: string, data: boolean): Promise<readonly LedgerEntry[]> {
  const record = recordOf(around, id);
  const paths = pathsOf(around, id);
  if (record === undefined) {
    const gone = data && removeDirectory(paths.dataDir);
    return gone ? [{ kind: 'directory', name: paths.dataDir, owner: `task ${id}` }] : [];
  }
  const { spec } = record;
  const there = await lookAt(around.engine, around.names.task(id));
  await discard(around, id, there);
  removeTaskRoot(paths);
  const dataGone = (data || !spec.keepsData) && removeDirectory(paths.dataDir);
  return entriesOf(around, spec, paths, there !== undefined, dataGone);
}

function entriesOf(
  { names }: Around,
  spec: StartedSpec,
  paths: TaskPaths,
  hadContainer: boolean,
  dataGone: boolean,
): readonly LedgerEntry[] {
  const owner = `${spec.owner.kind} ${spec.owner.name}`;
  const container = hadContainer ? [{ kind: 'container' as const, name: names.task(spec.id), owner }] : [];
  const ports = spec.ports.map(({ address, port }) => ({ kind: 'port' as const, name: `${address}:${port}`, owner }));
  const directories = [paths.root, ...(dataGone ? [paths.dataDir] : [])];
  return [
    ...container,
    ...(hadContainer ? ports : []),
    ...directories.map((name) => ({ kind: 'directory' as const, name, owner })),
  ];
}
