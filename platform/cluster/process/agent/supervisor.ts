/** All tasks of one home. */
import { existsSync } from 'node:fs';
import { asMillraceError, fail, type MillraceError } from '../../../errors.ts';
import type { Home } from '../../../home.ts';
import type { LedgerEntry } from '../../../model/ledger.ts';
import type { RefusedTask, TaskSpec, TaskStatus } from '../../driver.ts';
import { removeDirectory, removeTaskRoot, taskIdsOnDisk } from '../../tasks/directory.ts';
import { homeHash, markOf, specHash, taskFilePath, taskPaths } from '../../tasks/layout.ts';
import { checkSpec, type StoredSpec, withoutContents } from '../../tasks/records.ts';
import { logMaxBytes, rotateLog } from '../log-file.ts';
import { processTable } from '../process-table.ts';
import { limitsFor } from './limits.ts';
import { type EndedProcess, endMembers } from './members.ts';
import { findConflict, takenPorts } from './port-conflicts.ts';
import { neverRan, readTask } from './records.ts';
import { SupervisedTask, type Supervision } from './task.ts';
import { usageReader } from './usage.ts';

const pollMs = 500;
const rotateMs = 5000;

export class Supervisor {
  readonly #home: Home;
  readonly #around: Supervision;
  readonly #tasks = new Map<string, SupervisedTask>();
  readonly #refused = new Map<string, MillraceError>();

  /** `note` takes the agent's own log lines. */
  constructor(home: Home, note: (text: string) => void) {
    const table = processTable();
    const hash = homeHash(home);
    this.#home = home;
    this.#around = {
      home,
      hash,
      table,
      note,
      limits: limitsFor(hash),
      usageOf: usageReader(table),
      conflictOf: (spec: StoredSpec) => findConflict(table, hash, spec, this.#holders()),
    };
  }

  get capabilities() {
    return this.#around.limits.capabilities;
  }

  /** Reads every task and adopts what runs. Starts nothing yet. */
  load(): void {
    for (const id of taskIdsOnDisk(this.#home.tasksDir)) this.#load(id);
    setInterval(() => this.#each((task) => task.poll()), pollMs);
    setInterval(() => this.#each((task) => rotateLog(task.paths.logFile, logMaxBytes)), rotateMs);
  }

  /** Starts what is meant to run, ends what is not, lowest tier first. */
  async settle(): Promise<void> {
    for (const tier of tiersOf(this.#known())) await this.#allOf(tier, (task) => task.settle());
  }

  async launch(spec: TaskSpec): Promise<TaskStatus> {
    const paths = taskPaths(this.#home, spec.id);
    try {
      checkSpec(spec);
    } catch (thrown) {
      fail('INVALID_ARGUMENT', {
        reason: `Task "${spec.id}": ${asMillraceError(thrown).details.reason}.`,
        command: 'deploy',
      });
    }
    for (const { path } of spec.files) taskFilePath(paths, path);
    const record = {
      format: 'millrace/task/1',
      spec: withoutContents(spec),
      specHash: '',
      desired: 'stopped',
      suspended: false,
      complete: false,
    } as const;
    const task = this.#find(spec.id) ?? new SupervisedTask(this.#around, { record, run: neverRan });
    this.#tasks.set(spec.id, task);
    try {
      return await task.launch(spec, specHash(spec));
    } finally {
      // Refused before it came to be.
      if (task.record.specHash === '' && this.#tasks.get(spec.id) === task) this.#tasks.delete(spec.id);
    }
  }

  async stop(id: string): Promise<TaskStatus> {
    const task = this.#named(id);
    await task.stop();
    return task.status();
  }

  resume(id: string): Promise<TaskStatus> {
    return this.#named(id).resume();
  }

  status(id: string): TaskStatus | null {
    return this.#find(id)?.status() ?? null;
  }

  list(): readonly TaskStatus[] {
    for (const id of this.#refused.keys()) this.#load(id);
    return this.#known()
      .map((task) => task.status())
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  refused(): readonly RefusedTask[] {
    for (const id of this.#refused.keys()) this.#load(id);
    return [...this.#refused].map(([id, error]) => ({ id, error: error.toJSON() }));
  }

  async startAll(): Promise<readonly TaskStatus[]> {
    await Promise.all(this.#known().map((task) => task.suspend(false)));
    await this.settle();
    return this.list();
  }

  async stopAll(): Promise<readonly LedgerEntry[]> {
    const tasks = this.#known();
    // Said of all before the first is stopped: an agent that is killed half-way starts none of them again.
    await Promise.all(tasks.map((task) => task.suspend(true)));
    const ledger: LedgerEntry[] = [];
    for (const tier of tiersOf(tasks).reverse()) {
      await this.#allOf(tier, async (task) => ledger.push(...entriesOf(task, await task.end())));
    }
    return ledger;
  }

  async remove(id: string, options: { readonly data: boolean }): Promise<readonly LedgerEntry[]> {
    const paths = taskPaths(this.#home, id);
    const task = this.#find(id);
    const entries: LedgerEntry[] = [];
    const owner = task ? ownerOf(task) : `task ${id}`;
    if (task) {
      entries.push(...entriesOf(task, await task.remove()));
      this.#tasks.delete(id);
    } else if (existsSync(paths.root)) {
      // Its state file was moved away. What it started still carries its mark.
      const mark = { id, mark: markOf(this.#around.hash, id), logFile: paths.logFile };
      const ended = await endMembers(this.#around.table, mark, null, { signal: 'SIGTERM', graceMs: 10_000 });
      entries.push(...ended.map((each) => processEntry(each, owner)));
      removeTaskRoot(paths);
    }
    if (task || entries.length > 0) entries.push({ kind: 'directory', name: paths.root, owner });
    const data = options.data || task?.record.spec.keepsData === false;
    if (data && removeDirectory(paths.dataDir)) entries.push({ kind: 'directory', name: paths.dataDir, owner });
    return entries;
  }

  takenPorts(address: string): ReadonlyMap<number, string> {
    return takenPorts(this.#around.table, this.#around.hash, address, this.#holders());
  }

  #load(id: string): void {
    try {
      const stored = readTask(this.#home, id);
      this.#refused.delete(id);
      if (!stored) return;
      const task = new SupervisedTask(this.#around, stored);
      task.adopt();
      this.#tasks.set(id, task);
    } catch (thrown) {
      this.#refused.set(id, asMillraceError(thrown));
    }
  }

  /** A refused task is read again first: its file may have been mended. Throws its error when it has not been. */
  #find(id: string): SupervisedTask | undefined {
    const known = this.#tasks.get(id);
    if (known) return known;
    if (this.#refused.has(id) || existsSync(taskPaths(this.#home, id).taskFile)) this.#load(id);
    const error = this.#refused.get(id);
    if (error) throw error;
    return this.#tasks.get(id);
  }

  #named(id: string): SupervisedTask {
    return this.#find(id) ?? fail('UNKNOWN_TASK', { task: id, known: this.#known().map((task) => task.id) });
  }

  #known(): readonly SupervisedTask[] {
    return [...this.#tasks.values()].filter((task) => task.record.specHash !== '');
  }

  #holders() {
    return [...this.#tasks.values()].map(({ id, record, leader }) => ({ id, ports: record.spec.ports, leader }));
  }

  /** One task that can't be dealt with does not keep the others waiting; its error is told once all are done. */
  async #allOf(tasks: readonly SupervisedTask[], work: (task: SupervisedTask) => Promise<unknown>): Promise<void> {
    const results = await Promise.allSettled(tasks.map(work));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  #each(work: (task: SupervisedTask) => void): void {
    for (const task of this.#tasks.values()) {
      try {
        work(task);
      } catch (thrown) {
        this.#around.note(`${task.id}: ${thrown instanceof Error ? thrown.message : thrown}`);
      }
    }
  }
}

/** Lowest tier first. */
function tiersOf(tasks: readonly SupervisedTask[]): SupervisedTask[][] {
  const tiers = [...new Set(tasks.map((task) => task.record.spec.tier))].sort((a, b) => a - b);
  return tiers.map((tier) => tasks.filter((task) => task.record.spec.tier === tier));
}

function ownerOf(task: SupervisedTask): string {
  const { kind, name } = task.record.spec.owner;
  return `${kind} ${name}`;
}

function processEntry({ pid, name }: EndedProcess, owner: string): LedgerEntry {
  return { kind: 'process', name: `${name} (pid ${pid})`, owner };
}

function entriesOf(task: SupervisedTask, ended: readonly EndedProcess[]): readonly LedgerEntry[] {
  const owner = ownerOf(task);
  const ports = ended.length === 0 ? [] : task.record.spec.ports;
  return [
    ...ended.map((each) => processEntry(each, owner)),
    ...ports.map(({ address, port }): LedgerEntry => ({ kind: 'port', name: `${address}:${port}`, owner })),
  ];
}
