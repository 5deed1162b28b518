/** One task under supervision. What is asked of it, and what happens to it, is done one after the other. */
import { fail } from '../../../errors.ts';
import type { TaskSpec, TaskStatus } from '../../driver.ts';
import { markOf, taskPaths, type TaskPaths } from '../layout.ts';
import { isAlive, type ProcessIdentity } from '../process-table.ts';
import { countQuickEnds, delayMs } from './backoff.ts';
import { carries, type EndedProcess, endMembers, membersOf, type TaskMark } from './members.ts';
import type { PortConflict } from './port-conflicts.ts';
import { neverRan, type RunRecord, type StoredSpec, type StoredTask, type TaskRecord, writeRun, writeTask } from './records.ts';
import { type Around, type Exit, spawnTask } from './spawn.ts';
import { phaseOf, shouldRun, statusOf } from './status.ts';
import { prepareDirectories, removeTaskRoot, writeTaskFiles } from './task-directory.ts';
import type { Usage } from './usage.ts';

export interface Supervision extends Around {
  readonly hash: string;
  readonly usageOf: (leader: number) => Usage | null;
  readonly conflictOf: (spec: StoredSpec) => PortConflict | undefined;
  readonly note: (text: string) => void;
}

/** Survivors of a leader that ended by itself get less time than an orderly stop would give them. */
const leftoverGraceMs = 5000;

export class SupervisedTask {
  readonly id: string;
  readonly paths: TaskPaths;
  readonly #around: Supervision;
  readonly #mark: TaskMark;
  #record: TaskRecord;
  #run: RunRecord;
  /** Started by an earlier agent: its end is seen by looking. */
  #adopted = false;
  #failure: string | undefined;
  #obstacle: string | undefined;
  #next: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  /** Its end is wanted: no restart follows. */
  #ending = false;

  constructor(around: Supervision, { record, run }: StoredTask) {
    this.id = record.spec.id;
    this.paths = taskPaths(around.home, this.id);
    this.#around = around;
    this.#mark = { id: this.id, mark: markOf(around.hash, this.id), logFile: this.paths.logFile };
    this.#record = record;
    this.#run = run;
  }

  get record(): TaskRecord {
    return this.#record;
  }

  get leader(): ProcessIdentity | null {
    return this.#run.process;
  }

  status(): TaskStatus {
    const pid = this.#run.process?.pid;
    return statusOf(this.#state(), pid === undefined ? null : this.#around.usageOf(pid), Date.now());
  }

  /**
   * Takes over what an earlier agent left: the process it knew, or the one that it started and had no time to write down.
   * Called once, before anything else.
   */
  adopt(): void {
    const { table, note } = this.#around;
    const known = this.#run.process;
    const found = known && isAlive(table, known) && carries(table, known.pid, this.#mark) ? known : this.#unwritten();
    if (found) {
      this.#adopted = true;
      if (found !== known) this.#saveRun({ state: 'started', process: found, startedAt: new Date().toISOString() });
      note(`${this.id}: adopted process ${found.pid}`);
    } else if (this.#run.state !== 'ended') {
      this.#saveRun({ state: 'ended', process: null, ...(known ? { lastExit: exitNow({ code: null, signal: null }) } : {}) });
    }
  }

  /** After adoption: starts what is meant to run and does not, ends what runs and is not meant to. */
  settle(): Promise<void> {
    return this.#inTurn(async () => {
      const meant = shouldRun(this.#record);
      if (this.#run.process === null && meant) await this.#start(this.#run.lastExit !== null);
      if (this.#run.process !== null && !meant) await this.#end();
    });
  }

  launch(spec: TaskSpec, hash: string): Promise<TaskStatus> {
    return this.#inTurn(async () => {
      const phase = phaseOf(this.#state());
      if (hash === this.#record.specHash && (phase === 'running' || phase === 'backoff')) return this.status();
      const stored: StoredSpec = { ...spec, files: spec.files.map(({ content: _, ...file }) => file) };
      this.#refuseTakenPort(stored);
      await this.#end();
      const record = { format: 'millrace/task/1', spec: stored, specHash: hash, desired: 'running', suspended: false } as const;
      this.#saveTask({ ...record, complete: false });
      writeTaskFiles(this.paths, spec.files);
      this.#saveTask({ ...record, complete: true });
      this.#run = neverRan;
      await this.#start(false, 'clean');
      return this.status();
    });
  }

  resume(): Promise<TaskStatus> {
    return this.#inTurn(async () => {
      const phase = phaseOf(this.#state());
      if (phase === 'running' || phase === 'backoff') return this.status();
      this.#refuseTakenPort(this.#record.spec);
      this.#saveTask({ ...this.#record, desired: 'running', suspended: false });
      this.#run = { ...this.#run, quickEnds: 0 };
      if (this.#record.complete) await this.#start(false);
      return this.status();
    });
  }

  stop(): Promise<readonly EndedProcess[]> {
    return this.#inTurn(() => {
      if (this.#record.desired !== 'stopped') this.#saveTask({ ...this.#record, desired: 'stopped' });
      return this.#end();
    });
  }

  /** Marks the task as stopped, or to be started, with the whole cluster; `end` and `settle` carry it out. */
  suspend(suspended: boolean): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#record.suspended !== suspended) this.#saveTask({ ...this.#record, suspended });
    });
  }

  end(): Promise<readonly EndedProcess[]> {
    return this.#inTurn(() => this.#end());
  }

  remove(): Promise<readonly EndedProcess[]> {
    return this.#inTurn(async () => {
      this.#saveTask({ ...this.#record, desired: 'stopped' });
      const ended = await this.#end();
      removeTaskRoot(this.#around.home, this.paths);
      this.#around.limits.release(this.id);
      return ended;
    });
  }

  /** Notices the end of an adopted process. */
  poll(): void {
    const { process } = this.#run;
    if (this.#adopted && process && !isAlive(this.#around.table, process)) this.#onEnd(process, { code: null, signal: null });
  }

  #state() {
    return {
      record: this.#record,
      run: this.#run,
      failure: this.#failure,
      obstacle: this.#obstacle,
      nextStartAt: this.#next?.at,
    };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** Leader of a session that carries the mark: it was started, and the agent was killed before it could write so. */
  #unwritten(): ProcessIdentity | undefined {
    if (this.#run.state !== 'starting') return undefined;
    const found = membersOf(this.#around.table, this.#mark, null).find((each) => each.pid === each.session);
    return found && { pid: found.pid, startTime: found.startTime };
  }

  #refuseTakenPort(spec: StoredSpec): void {
    const conflict = this.#around.conflictOf(spec);
    if (conflict) fail('PORT_TAKEN', { ...conflict, task: this.id });
  }

  async #start(again: boolean, leftovers: 'clean' | 'look' = 'look'): Promise<void> {
    this.#cancelNext();
    this.#failure = undefined;
    const { spec } = this.#record;
    if (leftovers === 'look') await this.#endLeftovers();
    const conflict = this.#around.conflictOf(spec);
    this.#obstacle = conflict && `port ${conflict.port} on ${conflict.address} is taken by ${conflict.owner}`;
    if (conflict) return this.#startLater();
    try {
      prepareDirectories(this.paths, spec.keepsData);
      const restarts = this.#run.restarts + (again ? 1 : 0);
      this.#saveRun({ state: 'starting', process: null, startedAt: new Date().toISOString(), restarts });
      const started = await spawnTask(this.#around, spec, this.paths, this.#mark.mark, (exit) => this.#onEnd(started, exit));
      this.#adopted = false;
      this.#saveRun({ state: 'started', process: started });
    } catch (thrown) {
      this.#failure = thrown instanceof Error ? thrown.message : String(thrown);
      this.#saveRun({ state: 'ended', process: null });
      this.#around.note(`${this.id}: ${this.#failure}`);
    }
  }

  #onEnd(ended: ProcessIdentity, exit: Exit): void {
    const { process, startedAt, quickEnds } = this.#run;
    if (process?.pid !== ended.pid || process.startTime !== ended.startTime) return;
    const ranMs = Date.now() - Date.parse(startedAt ?? '');
    this.#saveRun({ state: 'ended', process: null, lastExit: exitNow(exit), quickEnds: countQuickEnds(quickEnds, ranMs) });
    if (this.#ending || !shouldRun(this.#record)) return;
    this.#around.note(`${this.id}: process ${ended.pid} ended (${exit.signal ?? exit.code ?? 'unknown'})`);
    this.#startLater();
    void this.#inTurn(() => this.#endLeftovers()).catch((thrown) => this.#around.note(`${this.id}: ${thrown}`));
  }

  #startLater(): void {
    this.#cancelNext();
    const pauseMs = delayMs(Math.max(1, this.#run.quickEnds));
    const start = () =>
      this.#inTurn(async () => {
        if (this.#run.process === null && shouldRun(this.#record)) await this.#start(this.#run.lastExit !== null);
      });
    const timer = setTimeout(() => void start().catch((thrown) => this.#retryAfter(thrown)), pauseMs);
    this.#next = { at: Date.now() + pauseMs, timer };
  }

  /** Nothing that goes wrong with a start, such as survivors that can't be ended, takes the task out of supervision. */
  #retryAfter(thrown: unknown): void {
    this.#obstacle = thrown instanceof Error ? thrown.message : String(thrown);
    this.#around.note(`${this.id}: ${this.#obstacle}`);
    if (shouldRun(this.#record)) this.#startLater();
  }

  #cancelNext(): void {
    clearTimeout(this.#next?.timer);
    this.#next = undefined;
  }

  async #endLeftovers(): Promise<void> {
    if (this.#run.process !== null) return;
    const { signal, graceMs } = this.#record.spec.stop;
    await endMembers(this.#around.table, this.#mark, null, { signal, graceMs: Math.min(graceMs, leftoverGraceMs) });
  }

  async #end(): Promise<readonly EndedProcess[]> {
    this.#cancelNext();
    this.#obstacle = undefined;
    this.#ending = true;
    try {
      const leader = this.#run.process;
      const ended = await endMembers(this.#around.table, this.#mark, leader, this.#record.spec.stop);
      // The exit of an own child is told right after the process is gone; an adopted one's never.
      for (let turn = 0; !this.#adopted && turn < 50 && this.#run.process; turn += 1) await new Promise((go) => setTimeout(go, 10));
      if (leader && this.#run.process) this.#onEnd(leader, { code: null, signal: null });
      return ended;
    } finally {
      this.#ending = false;
    }
  }

  #saveTask(record: TaskRecord): void {
    writeTask(this.#around.home, record);
    this.#record = record;
  }

  /** A full disk must not end supervision: what can't be written is still known here. */
  #saveRun(change: Partial<RunRecord>): void {
    this.#run = { ...this.#run, ...change };
    try {
      writeRun(this.#around.home, this.id, this.#run);
    } catch (thrown) {
      this.#around.note(`${this.id}: ${thrown instanceof Error ? thrown.message : thrown}`);
    }
  }
}

function exitNow(exit: Exit): NonNullable<RunRecord['lastExit']> {
  return { ...exit, at: new Date().toISOString() };
}
