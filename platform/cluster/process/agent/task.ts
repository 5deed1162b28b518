/** One task under supervision. What is asked of it, and what happens to it, is done one after the other. */
import { fail } from '../../../errors.ts';
import type { TaskSpec, TaskStatus } from '../../driver.ts';
import { removeTaskRoot, writeTaskFiles } from '../../tasks/directory.ts';
import { type TaskPaths, taskPaths } from '../../tasks/layout.ts';
import { type StoredSpec, type TaskRecord, withoutContents, writeRecord } from '../../tasks/records.ts';
import type { ProcessIdentity } from '../process-table.ts';
import { delayMs } from './backoff.ts';
import type { EndedProcess } from './members.ts';
import type { PortConflict } from './port-conflicts.ts';
import type { StoredTask } from './records.ts';
import { phaseOf, shouldRun, statusOf, type TaskState } from './status.ts';
import { messageOf, type ProcessSurroundings, TaskProcess } from './task-process.ts';
import type { Usage } from './usage.ts';

export interface Supervision extends ProcessSurroundings {
  readonly usageOf: (leader: number) => Usage | null;
  readonly conflictOf: (spec: StoredSpec) => PortConflict | undefined;
}

export class SupervisedTask {
  readonly id: string;
  readonly paths: TaskPaths;
  readonly #around: Supervision;
  readonly #process: TaskProcess;
  #record: TaskRecord;
  #failure: string | undefined;
  #obstacle: string | undefined;
  #next: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(around: Supervision, { record, run }: StoredTask) {
    this.id = record.spec.id;
    this.paths = taskPaths(around.home, this.id);
    this.#around = around;
    this.#record = record;
    this.#process = new TaskProcess(around, this.id, this.paths, run, () => this.#recover());
  }

  get record(): TaskRecord {
    return this.#record;
  }

  get leader(): ProcessIdentity | null {
    return this.#process.run.process;
  }

  status(): TaskStatus {
    return statusOf(this.#state(), this.leader && this.#around.usageOf(this.leader.pid), Date.now());
  }

  /** Takes over what an earlier agent left. Called once, before anything else. */
  adopt(): void {
    this.#process.adopt();
  }

  poll(): void {
    this.#process.poll();
  }

  /** Starts what is meant to run and does not, ends what runs and is not meant to. */
  settle(): Promise<void> {
    return this.#inTurn(async () => {
      const phase = phaseOf(this.#state());
      if (phase === 'backoff' && !this.#next) await this.#start();
      if (phase === 'running' && !shouldRun(this.#record)) await this.#end();
    });
  }

  launch(spec: TaskSpec, hash: string): Promise<TaskStatus> {
    return this.#inTurn(async () => {
      if (hash === this.#record.specHash && this.#isUp()) return this.status();
      const stored = withoutContents(spec);
      this.#refuseTakenPort(stored);
      await this.#end();
      const record = { format: 'millrace/task/1', spec: stored, specHash: hash, suspended: false } as const;
      this.#save({ ...record, desired: 'running', complete: false });
      writeTaskFiles(this.paths, spec.files);
      this.#save({ ...record, desired: 'running', complete: true });
      this.#process.reset();
      await this.#startNow();
      return this.status();
    });
  }

  resume(): Promise<TaskStatus> {
    return this.#inTurn(async () => {
      if (this.#isUp()) return this.status();
      this.#refuseTakenPort(this.#record.spec);
      this.#save({ ...this.#record, desired: 'running', suspended: false });
      this.#process.forgive();
      if (this.#record.complete) await this.#start();
      return this.status();
    });
  }

  stop(): Promise<readonly EndedProcess[]> {
    return this.#inTurn(() => {
      if (this.#record.desired !== 'stopped') this.#save({ ...this.#record, desired: 'stopped' });
      return this.#end();
    });
  }

  /** Marks the task as stopped, or to be started, with the whole cluster; `end` and `settle` carry it out. */
  suspend(suspended: boolean): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#record.suspended !== suspended) this.#save({ ...this.#record, suspended });
    });
  }

  end(): Promise<readonly EndedProcess[]> {
    return this.#inTurn(() => this.#end());
  }

  remove(): Promise<readonly EndedProcess[]> {
    return this.#inTurn(async () => {
      this.#save({ ...this.#record, desired: 'stopped' });
      const ended = await this.#end();
      removeTaskRoot(this.paths);
      this.#around.limits.release(this.id);
      return ended;
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  #state(): TaskState {
    return {
      record: this.#record,
      run: this.#process.run,
      failure: this.#failure,
      obstacle: this.#obstacle,
      nextStartAt: this.#next?.at,
    };
  }

  #isUp(): boolean {
    const phase = phaseOf(this.#state());
    return shouldRun(this.#record) && (phase === 'running' || phase === 'backoff');
  }

  #refuseTakenPort(spec: StoredSpec): void {
    const conflict = this.#around.conflictOf(spec);
    if (conflict) fail('PORT_TAKEN', { ...conflict, task: this.id });
  }

  async #start(): Promise<void> {
    this.#cancelNext();
    await this.#process.endLeftovers(this.#record.spec.stop);
    await this.#startNow();
  }

  async #startNow(): Promise<void> {
    this.#cancelNext();
    const { spec } = this.#record;
    this.#failure = undefined;
    const conflict = this.#around.conflictOf(spec);
    this.#obstacle = conflict && `port ${conflict.port} on ${conflict.address} is taken by ${conflict.owner}`;
    if (conflict) return this.#startLater();
    const outcome = await this.#process.start(spec);
    if (outcome.kind === 'failed') this.#failure = outcome.reason;
    if (outcome.kind === 'later') this.#retryAfter(outcome.reason);
  }

  /** The process has ended by itself. */
  #recover(): void {
    if (!shouldRun(this.#record)) return;
    this.#startLater();
    const leftovers = this.#inTurn(() => this.#process.endLeftovers(this.#record.spec.stop));
    leftovers.catch((thrown) => this.#around.note(`${this.id}: ${messageOf(thrown)}`));
  }

  #startLater(): void {
    this.#cancelNext();
    const pauseMs = delayMs(this.#process.run.quickEnds);
    const start = () =>
      this.#inTurn(async () => (this.leader === null && shouldRun(this.#record) ? this.#start() : undefined));
    const timer = setTimeout(() => void start().catch((thrown) => this.#retryAfter(messageOf(thrown))), pauseMs);
    this.#next = { at: Date.now() + pauseMs, timer };
  }

  /** Nothing that goes wrong with a start, such as survivors that can't be ended, takes the task out of supervision. */
  #retryAfter(obstacle: string): void {
    this.#obstacle = obstacle;
    this.#around.note(`${this.id}: ${obstacle}`);
    if (shouldRun(this.#record)) this.#startLater();
  }

  #cancelNext(): void {
    clearTimeout(this.#next?.timer);
    this.#next = undefined;
  }

  #end(): Promise<readonly EndedProcess[]> {
    this.#cancelNext();
    this.#obstacle = undefined;
    return this.#process.end(this.#record.spec.stop);
  }

  #save(record: TaskRecord): void {
    writeRecord(this.paths, record);
    this.#record = record;
  }
}
