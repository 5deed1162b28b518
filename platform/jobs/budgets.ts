/** The objectives of all pipelines, followed; written to disk every few seconds, and at once when an alert begins or ends. */
import type { Alert, AlertFacts, ObjectiveStatus } from '../api/contract/pipelines.ts';
import { reasonOf } from '../connectors/backoff.ts';
import type { Home } from '../home.ts';
import type { Objectives } from '../model/objective.ts';
import type { Sample } from '../objectives/sample.ts';
import { alertTexts } from '../objectives/texts.ts';
import { ObjectiveTracker, type TrackerState, type Transition } from '../objectives/tracker.ts';
import { canonical } from '../reconcile/equal.ts';
import { pipelinesWithBudgets, readBudgets, removeBudgets, writeBudgets } from './budgetFile.ts';
import { factsOf } from './deliver.ts';

/** What is counted since the last time is lost by a kill. */
const saveEveryMs = 10_000;

interface Followed {
  readonly trackers: ReadonlyMap<string, ObjectiveTracker>;
  /** The objectives that they are for. */
  readonly objectives: string;
  /** False: the file there is not ours to write over. */
  readonly isKept: boolean;
  isDirty: boolean;
}

export class PipelineBudgets {
  readonly #home: Home;
  readonly #log: (line: string) => void;
  readonly #pipelines = new Map<string, Followed>();
  #savedMs = 0;

  constructor(home: Home, log: (line: string) => void) {
    this.#home = home;
    this.#log = log;
  }

  /** `firing`: the alerts of the pipeline that fire, which outlive the budgets. Answers those that begin or end. */
  observe(pipeline: string, objectives: Objectives, sample: Sample, firing: readonly Alert[]): readonly AlertFacts[] {
    const followed = this.#followedOf(pipeline, objectives);
    followed.isDirty = true;
    const ended = firing
      .filter(({ name }) => !followed.trackers.has(name))
      .map((alert) => withoutObjective(alert, sample.atMs));
    const told = [...followed.trackers].flatMap(([name, tracker]) => {
      const own = firing.filter((alert) => alert.name === name);
      tracker.alignFiring(Object.fromEntries(own.map(({ severity, sinceMs }) => [severity, sinceMs])));
      return tracker.observe(sample).map((each) => alertOf(pipeline, name, tracker, each, sample.atMs));
    });
    return [...ended, ...told];
  }

  statuses(pipeline: string, nowMs: number): readonly ObjectiveStatus[] {
    return [...(this.#pipelines.get(pipeline)?.trackers.values() ?? [])].map((tracker) => tracker.status(nowMs));
  }

  forget(isGone: (pipeline: string) => boolean): void {
    const known = [...this.#pipelines.keys(), ...pipelinesWithBudgets(this.#home)];
    for (const pipeline of known.filter(isGone)) {
      this.#pipelines.delete(pipeline);
      removeBudgets(this.#home, pipeline);
    }
  }

  /** A disk that takes nothing is told of, and tried again: alerts go on. */
  save(nowMs: number, isUrgent: boolean): void {
    if (!isUrgent && Math.abs(nowMs - this.#savedMs) < saveEveryMs) return;
    this.#savedMs = nowMs;
    for (const [pipeline, followed] of this.#pipelines) {
      if (!followed.isDirty || !followed.isKept) continue;
      try {
        writeBudgets(this.#home, pipeline, { savedMs: nowMs, objectives: statesOf(followed.trackers) });
        followed.isDirty = false;
      } catch (error) {
        this.#log(`error budgets of ${pipeline}: ${reasonOf(error)}`);
      }
    }
  }

  #followedOf(pipeline: string, objectives: Objectives): Followed {
    const wanted = canonical(objectives);
    const there = this.#pipelines.get(pipeline);
    if (there?.objectives === wanted) return there;
    // Of a new revision: objectives that stay keep what was counted.
    const { states, isKept } =
      there === undefined ? this.#read(pipeline) : { ...there, states: statesOf(there.trackers) };
    const trackers = new Map(
      Object.entries(objectives).map(([name, spec]) => [name, new ObjectiveTracker(name, spec, states[name])]),
    );
    const followed = { trackers, objectives: wanted, isKept, isDirty: true };
    this.#pipelines.set(pipeline, followed);
    return followed;
  }

  /** A file that can't be read is told of once and left as it is; the budgets begin anew, in memory. */
  #read(pipeline: string): { readonly states: Readonly<Record<string, TrackerState>>; readonly isKept: boolean } {
    try {
      return { states: readBudgets(this.#home, pipeline)?.objectives ?? {}, isKept: true };
    } catch (error) {
      this.#log(`error budgets of ${pipeline} begin anew and are not kept: ${reasonOf(error)}`);
      return { states: {}, isKept: false };
    }
  }
}

function statesOf(trackers: Followed['trackers']): Record<string, TrackerState> {
  return Object.fromEntries([...trackers].map(([name, tracker]) => [name, tracker.toState()]));
}

function alertOf(
  pipeline: string,
  name: string,
  { spec }: ObjectiveTracker,
  transition: Transition,
  atMs: number,
): AlertFacts {
  const { severity, to, sinceMs } = transition;
  return {
    // No colon, which BullMQ takes in no id.
    id: `${pipeline}.${name}.${severity}.${sinceMs.toString(36)}`,
    ...{ pipeline, name, severity, state: to, sinceMs },
    resolvedMs: to === 'resolved' ? atMs : null,
    ...alertTexts(pipeline, name, spec, transition),
  };
}

function withoutObjective(alert: Alert, atMs: number): AlertFacts {
  const text = `${alert.pipeline}: objective "${alert.name}" is not asked for any more.`;
  return { ...factsOf(alert), state: 'resolved', resolvedMs: atMs, text, next: 'Nothing.' };
}
