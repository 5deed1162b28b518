/** Asks the tasks of one pipeline, each on its own: a task that hangs holds nobody up. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PipelineRecord } from '../../model/records.ts';
import { askTask, healthPortsOf } from '../stages.ts';
import type { Answer } from './look.ts';

/** So long a look waits for answers; later ones count for the next look. */
const patienceMs = 700;
/** And so long for those that pages are needed of: of a stage that is always slow, no window would ever be judged. */
const pagesWithinMs = 2500;
const timeoutMs = 4000;

export class TaskAsker {
  readonly #now: () => number;
  readonly #answers = new Map<string, Answer>();
  readonly #asking = new Map<string, Promise<void>>();
  readonly #firstAskedMs = new Map<string, number>();
  /** Of tasks that do not answer: why. */
  readonly #faults = new Map<string, string>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** One request for each task that owes no answer. `pages`: waits longer for tasks that have answered of late. Never rejects. */
  async ask(record: Pick<PipelineRecord, 'plan'>, sinceMs: number, pages = false): Promise<void> {
    const ports = healthPortsOf(record);
    const names = new Set(ports.map(({ task }) => task));
    for (const known of [this.#answers, this.#faults, this.#firstAskedMs]) {
      for (const task of known.keys()) if (!names.has(task)) known.delete(task);
    }
    const asked = ports.map(({ task, url }) => {
      const under = this.#asking.get(task) ?? this.#ask(task, url, sinceMs).finally(() => this.#asking.delete(task));
      this.#asking.set(task, under);
      return under;
    });
    await atMost(patienceMs, Promise.all(asked));
    const steady = ports.flatMap(({ task }) => {
      const isSteady = this.#answers.has(task) && !this.#faults.has(task);
      return isSteady ? (this.#asking.get(task) ?? []) : [];
    });
    if (pages) await atMost(pagesWithinMs - patienceMs, Promise.all(steady));
  }

  async #ask(task: string, url: string, sinceMs: number): Promise<void> {
    const askedMs = this.#now();
    if (!this.#firstAskedMs.has(task)) this.#firstAskedMs.set(task, askedMs);
    const reply = await askTask(task, url, { sinceMs, timeoutMs });
    if (reply.fault !== undefined) {
      this.#faults.set(task, reply.fault);
      return;
    }
    this.#faults.delete(task);
    this.#answers.set(task, { ...reply, askedMs, answeredMs: this.#now(), sinceMs });
  }

  /** The newest answer of each task that has ever given one. */
  answers(): readonly Answer[] {
    return [...this.#answers.values()];
  }

  /**
   * By task, all that have a health port: when it last answered. Of one that has not yet: when it was asked first, or null where
   * nothing listens.
   */
  answeredMs(record: Pick<PipelineRecord, 'plan'>): ReadonlyMap<string, number | null> {
    return new Map(
      healthPortsOf(record).map(({ task }) => {
        const waited = this.#faults.has(task) ? null : (this.#firstAskedMs.get(task) ?? null);
        return [task, this.#answers.get(task)?.answeredMs ?? waited];
      }),
    );
  }

  faults(): ReadonlyMap<string, string> {
    return this.#faults;
  }
}

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const abort = new AbortController();
  await Promise.race([work, sleep(ms, undefined, { signal: abort.signal, ref: false }).catch(() => undefined)]);
  abort.abort();
}
