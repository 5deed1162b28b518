/**
 * The history of one pipeline on disk: points of a second for an hour, of ten seconds for a day, of a minute for thirty days.
 * Files of one level hold an eighth of its time each, are only ever appended to, and are removed when all in them is too old;
 * each start begins new ones. So `kill -9` costs at most the line that was being written, which reading passes over.
 */
import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { History, HistoryPoint } from '../../api/contract/pipelines.ts';
import { appendWhole } from '../../line-files.ts';
import { coarser } from './coarser.ts';
import { headerLine, pointLine, pointsIn, type StoredPoint } from './historyLines.ts';

export interface HistoryLevel {
  readonly name: string;
  readonly stepMs: number;
  readonly keptMs: number;
}

/** 55,440 points at most; one of eight stages takes about 500 bytes. */
export const historyLevels: readonly HistoryLevel[] = [
  { name: '1s', stepMs: 1000, keptMs: 3_600_000 },
  { name: '10s', stepMs: 10_000, keptMs: 86_400_000 },
  { name: '1m', stepMs: 60_000, keptMs: 30 * 86_400_000 },
];

/** However often the observer starts. */
const maxFilesOfLevel = 64;
const filesOfLevel = 8;
/** However few points are asked for, no more of them are held at once than one of so many parts has. */
const leastGroups = 60;

export interface HistoryOptions {
  readonly directory: string;
  readonly levels?: readonly HistoryLevel[];
  /** Told once for each file that is set aside, and when the disk does not take a point. */
  readonly onFault: (text: string) => void;
}

interface Open {
  readonly fd: number;
  readonly fromMs: number;
  stages: string;
  bytes: number;
}

export class PipelineHistory {
  readonly #directory: string;
  readonly levels: readonly HistoryLevel[];
  readonly #onFault: (text: string) => void;
  readonly #open = new Map<string, Open>();
  #full = false;

  constructor({ directory, levels = historyLevels, onFault }: HistoryOptions) {
    this.#directory = directory;
    this.levels = levels;
    this.#onFault = onFault;
  }

  /** Never throws: a disk that takes nothing must not stop the watching; it is told, once. */
  append(level: HistoryLevel, point: StoredPoint): void {
    try {
      this.#write(this.#fileFor(level, point.atMs), point);
      this.#full = false;
    } catch (thrown) {
      if (!this.#full) this.#onFault(`the history ${this.#directory} takes no points: ${reasonOf(thrown)}`);
      this.#full = true;
      // Gone on with where it is as it was: a new file for each point that failed would drive out those with points in them.
      const file = this.#open.get(level.name);
      if (file !== undefined && fstatSync(file.fd).size !== file.bytes) this.#end(level);
    }
  }

  #write(file: Open, point: StoredPoint): void {
    const stages = Object.keys(point.stages);
    const header = headerLine(stages);
    const lines = `${header === file.stages ? '' : `${header}\n`}${pointLine(point, stages)}\n`;
    file.bytes = appendWhole(file.fd, lines, file.bytes);
    file.stages = header;
  }

  #fileFor(level: HistoryLevel, atMs: number): Open {
    const open = this.#open.get(level.name);
    if (open !== undefined && atMs >= open.fromMs && atMs < open.fromMs + level.keptMs / filesOfLevel) return open;
    this.#end(level);
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const fd = openSync(join(this.#directory, `${level.name}-${atMs}.ndjson`), 'a', 0o600);
    const fresh = { fd, fromMs: atMs, stages: '', bytes: fstatSync(fd).size };
    this.#open.set(level.name, fresh);
    this.#removeOld(level, atMs);
    return fresh;
  }

  #end({ name }: HistoryLevel): void {
    const open = this.#open.get(name);
    if (open !== undefined) closeSync(open.fd);
    this.#open.delete(name);
  }

  #removeOld(level: HistoryLevel, nowMs: number): void {
    const files = this.#files(level);
    const old = files.filter((file, at) => {
      const endsMs = files[at + 1]?.fromMs ?? file.fromMs + level.keptMs / filesOfLevel;
      return endsMs < nowMs - level.keptMs || at < files.length - maxFilesOfLevel;
    });
    for (const { path } of old) rmSync(path, { force: true });
  }

  /** Oldest first. */
  #files({ name }: HistoryLevel): readonly { readonly path: string; readonly fromMs: number }[] {
    const form = new RegExp(`^${name}-(\\d+)\\.ndjson$`);
    return namesIn(this.#directory)
      .flatMap((file) => {
        const found = form.exec(file);
        return found === null ? [] : [{ path: join(this.#directory, file), fromMs: Number(found[1]) }];
      })
      .sort((one, other) => one.fromMs - other.fromMs);
  }

  /** Oldest first, of the finest level that reaches back so far; at most about `points`. */
  read(span: { readonly fromMs: number; readonly toMs: number; readonly points: number }, nowMs: number) {
    const { toMs, points } = span;
    const level = this.levels.find(({ keptMs }) => nowMs - span.fromMs <= keptMs) ?? this.levels.at(-1)!;
    // Nothing is older: a step is a part of what there may be.
    const fromMs = Math.max(span.fromMs, nowMs - level.keptMs * (1 + 1 / filesOfLevel));
    const steps = (many: number) => Math.ceil((Math.min(toMs, nowMs) - fromMs) / level.stepMs / many);
    const stepMs = Math.max(1, steps(Math.max(1, points))) * level.stepMs;
    const atOnceMs = Math.min(stepMs, Math.max(1, steps(leastGroups)) * level.stepMs);
    const found = this.#thinned(level, { fromMs, toMs, stepMs: atOnceMs });
    const kept = atOnceMs === stepMs ? found : coarser(found, fromMs, stepMs);
    return { stepMs, points: kept.map(told) } satisfies Omit<History, 'pipeline'>;
  }

  /** A file at a time: all of thirty days as points would be more than the process may have. */
  #thinned(
    level: HistoryLevel,
    { fromMs, toMs, stepMs }: { readonly fromMs: number; readonly toMs: number; readonly stepMs: number },
  ): readonly HistoryPoint[] {
    const thin = (points: readonly HistoryPoint[]) =>
      stepMs === level.stepMs ? points : coarser(points, fromMs, stepMs);
    const stepOf = ({ atMs }: HistoryPoint) => Math.floor((atMs - fromMs) / stepMs);
    const kept: HistoryPoint[] = [];
    // The last step of a file may go on in the next one.
    let open: readonly HistoryPoint[] = [];
    for (const path of this.#pathsBetween(level, fromMs, toMs)) {
      const points = [...open, ...this.#pointsOf(path).filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)];
      const last = points.at(-1);
      const cut = last === undefined ? 0 : points.findIndex((point) => stepOf(point) === stepOf(last));
      kept.push(...thin(points.slice(0, cut)));
      open = points.slice(cut);
    }
    return [...kept, ...thin(open)];
  }

  /** The newest point at that time or shortly before; undefined: nothing was seen then. */
  at(atMs: number, nowMs: number): StoredPoint | undefined {
    for (const level of this.levels.filter(({ keptMs }) => nowMs - atMs <= keptMs)) {
      const found = this.#between(level, atMs - level.stepMs * 3, atMs).at(-1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The newest of all. */
  last(): StoredPoint | undefined {
    const [finest] = this.levels;
    const file = finest && this.#files(finest).at(-1);
    return file && this.#pointsOf(file.path).at(-1);
  }

  #between(level: HistoryLevel, fromMs: number, toMs: number): readonly StoredPoint[] {
    return this.#pathsBetween(level, fromMs, toMs)
      .flatMap((path) => this.#pointsOf(path))
      .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  }

  #pathsBetween(level: HistoryLevel, fromMs: number, toMs: number): readonly string[] {
    const files = this.#files(level);
    return files
      .filter((file, at) => file.fromMs <= toMs && (files[at + 1]?.fromMs ?? Number.POSITIVE_INFINITY) >= fromMs)
      .map(({ path }) => path);
  }

  /** A file that is not ours is set aside under another name, told, and read no more. */
  #pointsOf(path: string): readonly StoredPoint[] {
    try {
      const { points, fault } = pointsIn(readFileSync(path, 'utf8'));
      if (fault === undefined) return points;
      for (const level of this.levels) this.#end(level);
      renameSync(path, `${path}.corrupt`);
      this.#onFault(`the history ${path} is corrupt: ${fault}; it was set aside as ${path}.corrupt`);
    } catch (thrown) {
      this.#onFault(`the history ${path} can not be read: ${reasonOf(thrown)}`);
    }
    return [];
  }

  close(): void {
    for (const level of this.levels) this.#end(level);
  }
}

/** What the API tells of a point. */
function told({ atMs, state, ratePerSecond, endToEnd, lagSeconds, stages }: History['points'][number]) {
  return { atMs, state, ratePerSecond, endToEnd, lagSeconds, stages };
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw thrown;
  }
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
