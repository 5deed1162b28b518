/**
 * Steps of operations as events of the bus, out of their journals. Lines that were written while the API was away are told when
 * it is back: what was told already, the bus's own events say.
 */
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Home, operationFile } from '../home.ts';
import type { OperationRecord } from '../model/operationRecord.ts';
import type { JournalEntry } from '../model/operations.ts';
import { stepIdOf } from '../operate/operations.ts';
import type { EventBus } from './eventBus.ts';
import { repeat } from './repeat.ts';

const lookMs = 400;
const fileName = /^((?:deploy|destroy|scale|restart|stop|start)-(.+)-[0-9a-f]{10})\.(?:ndj|j)son$/;

interface Followed {
  readonly id: string;
  readonly pipeline: string;
  /** Bytes that were read, and lines that were told. */
  bytes: number;
  lines: number;
  partial: string;
}

/** `readRecord`: what the operation was to do, and how it ended. Answers a function that ends it. */
export function watchOperations(
  home: Home,
  bus: EventBus,
  readRecord: (id: string) => OperationRecord | undefined,
): () => void {
  const followed = new Map<string, Followed>();
  const told = toldLines(bus);
  const ended = new Set(told.ended);
  const startMs = told.newestMs;
  const begin = async (id: string, pipeline: string): Promise<Followed | undefined> => {
    // A journal without a record: of an operation that is not planned yet, or of before there were records.
    const written = (await changed(recordFile(id))) ?? (await changed(operationFile(home, id)));
    const mtimeMs = written ?? startMs;
    // A home's old operations are no news to a bus that begins.
    const runs = readRecord(id)?.state === 'running';
    if (mtimeMs < startMs && !runs && !told.lines.has(id)) return undefined;
    return { id, pipeline, bytes: 0, lines: 0, partial: '' };
  };
  const recordFile = (id: string) => join(home.operationsDir, `${id}.json`);
  const look = async () => {
    for (const name of await readdir(home.operationsDir).catch(() => [])) {
      const [, id, pipeline] = fileName.exec(name) ?? [];
      if (id === undefined || pipeline === undefined || ended.has(id)) continue;
      const one = followed.get(id) ?? (await begin(id, pipeline));
      if (one === undefined) {
        ended.add(id);
        continue;
      }
      followed.set(id, one);
      // Before the journal: what is in it when the end is known, is all of it.
      const record = readRecord(id);
      await readOn(operationFile(home, id), one, told.lines.get(id) ?? 0, bus);
      if (record === undefined || record.state === 'running') continue;
      tellEnd(record, bus);
      ended.add(id);
      followed.delete(id);
    }
  };
  return repeat(lookMs, look);
}

const types = { step: 'millrace.operation.step', end: 'millrace.operation.end' } as const;

/** What the bus remembers: lines told of each operation, those whose end was told, and how new its news are. */
function toldLines(bus: EventBus) {
  const events = bus.since('0').events;
  const lines = new Map<string, number>();
  const ended: string[] = [];
  for (const { type, data } of events) {
    const id = String(data.operation ?? '');
    if (type === types.step) lines.set(id, Math.max(lines.get(id) ?? 0, Number(data.line)));
    if (type === types.end) ended.push(id);
  }
  const newest = events.at(-1);
  return { lines, ended, newestMs: newest === undefined ? Date.now() - 60_000 : Date.parse(newest.time) - 60_000 };
}

/** When it was last written, in milliseconds since 1970; undefined: it is not there. */
async function changed(file: string): Promise<number | undefined> {
  return (await stat(file).catch(() => undefined))?.mtimeMs;
}

async function readOn(file: string, one: Followed, already: number, bus: EventBus): Promise<void> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return;
  try {
    const length = (await handle.stat()).size - one.bytes;
    if (length <= 0) return;
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, one.bytes);
    one.bytes += bytesRead;
    const lines = (one.partial + buffer.toString('utf8', 0, bytesRead)).split('\n');
    one.partial = lines.pop() ?? '';
    for (const line of lines) {
      one.lines += 1;
      if (one.lines > already) tell(one, line, bus);
    }
  } finally {
    await handle.close();
  }
}

function tell({ id, pipeline, lines }: Followed, line: string, bus: EventBus): void {
  let entry: JournalEntry;
  try {
    entry = JSON.parse(line) as JournalEntry;
  } catch {
    return;
  }
  const { at, scope, step, label, state, text, ms } = entry;
  const data = {
    operation: id,
    pipeline,
    line: lines,
    scope,
    step: stepIdOf(pipeline, { scope, step }),
    label,
    state,
    text: text ?? null,
    ms: ms ?? null,
  };
  bus.publish({ source: `/operations/${id}`, type: types.step, subject: pipeline, time: at, data });
}

function tellEnd({ id, pipeline, kind, revision, state, error }: OperationRecord, bus: EventBus): void {
  const data = { operation: id, pipeline, kind, revision, state, error: error ?? null };
  bus.publish({ source: `/operations/${id}`, type: types.end, subject: pipeline, data });
}
