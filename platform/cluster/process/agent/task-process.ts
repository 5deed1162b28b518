/** The process of one task: started, adopted, watched, ended. Knows nothing of what the task is meant to be. */
import type { TaskSpec } from '../../driver.ts';
import { prepareDirectories } from '../../tasks/directory.ts';
import { markOf, type TaskPaths } from '../../tasks/layout.ts';
import type { StoredSpec } from '../../tasks/records.ts';
import { isAlive, type ProcessIdentity } from '../process-table.ts';
import { countQuickEnds } from './backoff.ts';
import { adoptable, type EndedProcess, endMembers, type TaskMark } from './members.ts';
import { neverRan, type RunRecord, writeRun } from './records.ts';
import { type Around, type Exit, isPassing, spawnTask } from './spawn.ts';

export type StartOutcome =
  | { readonly kind: 'started' }
  | { readonly kind: 'failed' | 'later'; readonly reason: string };

/** Survivors of a leader that ended by itself get less time than an orderly stop would give them. */
const leftoverGraceMs = 5000;
const unknownExit: Exit = { code: null, signal: null };

export interface ProcessSurroundings extends Around {
  readonly hash: string;
  readonly note: (text: string) => void;
}

export class TaskProcess {
  readonly #around: ProcessSurroundings;
  readonly #paths: TaskPaths;
  readonly #mark: TaskMark;
  /** Called when the process has ended without being asked to. */
  readonly #onCrash: () => void;
  #run: RunRecord;
  /** Started by an earlier agent: its end is seen by looking. */
  #adopted = false;
  #ending = false;

  constructor(around: ProcessSurroundings, id: string, paths: TaskPaths, run: RunRecord, onCrash: () => void) {
    this.#around = around;
    this.#paths = paths;
    this.#mark = { id, mark: markOf(around.hash, id), logFile: paths.logFile };
    this.#run = run;
    this.#onCrash = onCrash;
  }

  get run(): RunRecord {
    return this.#run;
  }

  /** Takes over what an earlier agent left. */
  adopt(): void {
    const known = this.#run.process;
    const found = adoptable(this.#around.table, this.#mark, this.#run);
    if (found) {
      this.#adopted = true;
      if (found !== known) this.#save({ state: 'started', process: found });
      this.#note(`adopted process ${found.pid}`);
    } else if (known) {
      this.#noteEnd(unknownExit);
    }
  }

  /** Starts over: no restarts, no end known. */
  reset(): void {
    this.#run = neverRan;
  }

  /** Ends before now do not delay the next start. */
  forgive(): void {
    this.#run = { ...this.#run, quickEnds: 0 };
  }

  /** The intent is written first, so that no agent that dies in between leaves a process that the next one can't know of. */
  async start(spec: StoredSpec): Promise<StartOutcome> {
    try {
      prepareDirectories(this.#paths, spec.keepsData);
      const restarts = this.#run.restarts + (this.#run.quickEnds > 0 ? 1 : 0);
      this.#save({ state: 'starting', process: null, startedAt: new Date().toISOString(), restarts });
      const started = await spawnTask(this.#around, spec, this.#paths, this.#mark.mark, (exit) =>
        this.#onEnd(started, exit),
      );
      this.#adopted = false;
      this.#save({ state: 'started', process: started });
      return { kind: 'started' };
    } catch (thrown) {
      this.#save({ state: 'ended', process: null });
      const reason = messageOf(thrown);
      this.#note(reason);
      return { kind: isPassing(thrown) ? 'later' : 'failed', reason };
    }
  }

  async end(stop: TaskSpec['stop']): Promise<readonly EndedProcess[]> {
    this.#ending = true;
    try {
      const leader = this.#run.process;
      const ended = await endMembers(this.#around.table, this.#mark, leader, stop);
      // The exit of an own child is told right after the process is gone; an adopted one's never.
      for (let turn = 0; !this.#adopted && turn < 50 && this.#run.process; turn += 1) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      if (leader && this.#run.process) this.#noteEnd(unknownExit);
      return ended;
    } finally {
      this.#ending = false;
    }
  }

  /** What a process that has ended left behind: an executor outlives a worker that was killed. */
  async endLeftovers({ signal, graceMs }: TaskSpec['stop']): Promise<void> {
    if (this.#run.process !== null) return;
    await endMembers(this.#around.table, this.#mark, null, { signal, graceMs: Math.min(graceMs, leftoverGraceMs) });
  }

  /** Notices the end of an adopted process. */
  poll(): void {
    const { process } = this.#run;
    if (this.#adopted && process && !isAlive(this.#around.table, process)) this.#onEnd(process, unknownExit);
  }

  #onEnd(ended: ProcessIdentity, exit: Exit): void {
    const { process } = this.#run;
    if (process?.pid !== ended.pid || process.startTime !== ended.startTime) return;
    this.#noteEnd(exit);
    if (this.#ending) return;
    this.#note(`process ${ended.pid} ended (${exit.signal ?? exit.code ?? 'unknown'})`);
    this.#onCrash();
  }

  #noteEnd(exit: Exit): void {
    const at = Date.now();
    const ranMs = at - Date.parse(this.#run.startedAt ?? '');
    const quickEnds = this.#ending ? 0 : countQuickEnds(this.#run.quickEnds, ranMs);
    this.#save({ state: 'ended', process: null, lastExit: { ...exit, at: new Date(at).toISOString() }, quickEnds });
  }

  /** A full disk must not end supervision: what can't be written is still known here. */
  #save(change: Partial<RunRecord>): void {
    this.#run = { ...this.#run, ...change };
    try {
      writeRun(this.#around.home, this.#mark.id, this.#run);
    } catch (thrown) {
      this.#note(messageOf(thrown));
    }
  }

  #note(text: string): void {
    this.#around.note(`${this.#mark.id}: ${text}`);
  }
}

export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
