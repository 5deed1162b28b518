/** How tasks stand: what they are meant to be, put together with what the engine says of them. */
import { readState, writeState } from '../../state-files.ts';
import type { TaskStatus } from '../driver.ts';
import type { TaskRecord } from '../tasks/records.ts';
import { type Around, pathsOf } from './around.ts';
import { exitsOf, lookAt, usageOf } from './look.ts';
import { type Exit, statusOf } from './status.ts';

const startFormat = 'millrace/container-start/1';

/** When we last started the container. Killed before it is written, a launch leaves an older one: one restart too many is told. */
interface StartRecord {
  readonly format: typeof startFormat;
  readonly startedAt: string;
}

export async function noteStart(around: Around, id: string): Promise<void> {
  const startedAt = (await lookAt(around.engine, around.names.task(id)))?.State.StartedAt;
  if (startedAt !== undefined) writeState<StartRecord>(pathsOf(around, id).runFile, { format: startFormat, startedAt });
}

/** One look at the engine's events for all. */
export async function statusOfAll(around: Around, records: readonly TaskRecord[]): Promise<readonly TaskStatus[]> {
  const exits = await exitsOf(around.engine, around.names);
  return await Promise.all(records.map((record) => statusWith(around, record, exits)));
}

export async function statusOfTask(around: Around, record: TaskRecord): Promise<TaskStatus> {
  return await statusWith(around, record, await exitsOf(around.engine, around.names));
}

async function statusWith(around: Around, record: TaskRecord, exits: ReadonlyMap<string, Exit>): Promise<TaskStatus> {
  const { engine, names } = around;
  const { id } = record.spec;
  const container = await lookAt(engine, names.task(id));
  const usage = container?.State.Running ? await usageOf(engine, names.task(id)) : null;
  const startedByUs = readState<StartRecord>(pathsOf(around, id).runFile, startFormat)?.startedAt;
  return statusOf({ record, container, startedByUs, exit: exits.get(id), usage });
}
