/** One objective of one pipeline, followed over time: its error budget, its burn rates, and whether somebody must be told. */
import type { ObjectiveStatus } from '../api/contract/pipelines.ts';
import type { ObjectiveSpec } from '../model/objective.ts';
import { BudgetRing, type RingState } from './budgetRing.ts';
import {
  durationText,
  type Severity,
  slotsInWindow,
  type WindowPair,
  windowPairs,
  windowsInSlots,
} from './burnWindows.ts';
import { type CountedWindow, type CountedWindows, judgeCompleteness, judgeFreshness } from './judge.ts';
import type { Sample } from './sample.ts';
import { statusText } from './texts.ts';

/** A pair is calm again below this share of its burn rate: what hovers at the threshold does not fire and resolve by turns. */
const calmShare = 0.8;
/** … for as long as the shortest window. */
const calmSlots = 5;
const setBackMs = 60_000;

/** Since when each severity fires, and since when it could end. JSON. */
export type Firing = Partial<Record<Severity, { readonly sinceMs: number; readonly calmSinceMs: number | null }>>;

/** JSON, of bounded size: what survives a restart. */
export interface TrackerState {
  readonly kind: ObjectiveSpec['kind'];
  readonly ring: RingState;
  readonly lastMs: number | null;
  readonly counted: readonly (readonly [number, CountedWindow])[];
  readonly firing: Firing;
}

export interface Transition {
  readonly severity: Severity;
  readonly to: 'firing' | 'resolved';
  readonly sinceMs: number;
  /** The pair that fired, and its burn rates; of a resolved one: none. */
  readonly by?: WindowBurn;
}

export interface WindowBurn {
  readonly pair: WindowPair;
  readonly shortText: string;
  readonly longText: string;
  readonly short: number;
  readonly long: number;
}

export class ObjectiveTracker {
  readonly spec: ObjectiveSpec;
  readonly #name: string;
  readonly #ring: BudgetRing;
  readonly #counted: CountedWindows;
  #lastMs: number | null;
  #firing: Firing;

  /** `state` of another kind of objective is passed over; of another window length, its counts are. */
  constructor(name: string, spec: ObjectiveSpec, state?: TrackerState) {
    const known = state?.kind === spec.kind ? state : undefined;
    this.#name = name;
    this.spec = spec;
    this.#ring = new BudgetRing(spec.windowHours, known?.ring);
    this.#counted = new Map(known?.counted);
    this.#lastMs = known?.lastMs ?? null;
    this.#firing = known?.firing ?? {};
  }

  /**
   * Takes a look into account, and answers what begins and what ends with it. A look from just before the last one is passed
   * over; one from long before says that the clock was set back, and what was counted for later is forgotten.
   */
  observe(sample: Sample): readonly Transition[] {
    const { atMs } = sample;
    if (this.#lastMs !== null && atMs <= this.#lastMs) {
      if (this.#lastMs - atMs < setBackMs) return [];
      this.#ring.forgetAfter(atMs);
      this.#lastMs = atMs - 1000;
    }
    if (this.spec.kind === 'freshness') {
      const counts = judgeFreshness(this.spec, sample, this.#lastMs);
      if (counts !== null) this.#ring.add(atMs, counts);
    } else {
      const isFirstLook = this.#lastMs === null;
      for (const { atMs: at, ...counts } of judgeCompleteness(this.spec.of, sample, this.#counted, isFirstLook)) {
        this.#ring.add(at, counts);
      }
    }
    this.#lastMs = atMs;
    return this.#step(atMs);
  }

  /** What fires according to another source that outlives this one's state (the list of alerts). */
  alignFiring(since: Partial<Record<Severity, number>>): void {
    const entries = Object.entries(since).map(([severity, sinceMs]) => {
      const calmSinceMs = this.#firing[severity as Severity]?.calmSinceMs ?? null;
      return [severity, { sinceMs, calmSinceMs }];
    });
    this.#firing = Object.fromEntries(entries);
  }

  status(nowMs: number): ObjectiveStatus {
    const { kind, target, windowHours } = this.spec;
    const { bad, total } = this.#ring.sum(nowMs, slotsInWindow);
    const reached = total === 0 ? null : Math.max(0, 1 - bad / total);
    const burnRates = windowsInSlots.map((slots): [string, number | null] => [
      this.#textOf(slots),
      this.#burn(nowMs, slots),
    ]);
    const budgetLeft = this.#budgetLeft(bad, total);
    const text = statusText(this.spec, { reached, budgetLeft, window: durationText(windowHours * 3_600_000) });
    return { name: this.#name, kind, target, reached, burnRates: Object.fromEntries(burnRates), text };
  }

  toState(): TrackerState {
    return {
      kind: this.spec.kind,
      ring: this.#ring.toState(),
      lastMs: this.#lastMs,
      counted: [...this.#counted],
      firing: this.#firing,
    };
  }

  #step(nowMs: number): readonly Transition[] {
    const transitions: Transition[] = [];
    for (const severity of ['page', 'ticket'] as const) {
      const burns = this.#burnsOf(nowMs, severity);
      const by = burns.find(({ pair, short, long }) => short >= pair.burn && long >= pair.burn);
      const before = this.#firing[severity];
      if (before === undefined) {
        // A ticket about what somebody is being paged for is one too many.
        if (by === undefined || (severity === 'ticket' && this.#firing.page)) continue;
        this.#firing = { ...this.#firing, [severity]: { sinceMs: nowMs, calmSinceMs: null } };
        transitions.push({ severity, to: 'firing', sinceMs: nowMs, by });
      } else if (this.#endsAt(before.calmSinceMs, burns, nowMs, severity)) {
        const { [severity]: _ended, ...others } = this.#firing;
        this.#firing = others;
        transitions.push({ severity, to: 'resolved', sinceMs: before.sinceMs });
      }
    }
    return transitions;
  }

  /** Notes since when it is calm; true once that is long enough. */
  #endsAt(calmSinceMs: number | null, burns: readonly WindowBurn[], nowMs: number, severity: Severity): boolean {
    const isCalm = burns.every(({ pair, short, long }) => Math.min(short, long) < pair.burn * calmShare);
    const since = isCalm ? (calmSinceMs ?? nowMs) : null;
    const { sinceMs } = this.#firing[severity]!;
    this.#firing = { ...this.#firing, [severity]: { sinceMs, calmSinceMs: since } };
    return since !== null && nowMs - since >= calmSlots * this.#ring.slotMs;
  }

  #burnsOf(nowMs: number, severity: Severity): readonly WindowBurn[] {
    return windowPairs
      .filter((pair) => pair.severity === severity)
      .map((pair) => ({
        pair,
        shortText: this.#textOf(pair.shortSlots),
        longText: this.#textOf(pair.longSlots),
        short: this.#burn(nowMs, pair.shortSlots) ?? 0,
        long: this.#burn(nowMs, pair.longSlots) ?? 0,
      }));
  }

  #textOf(slots: number): string {
    return durationText(slots * this.#ring.slotMs);
  }

  /**
   * Of freshness, the budget is time: bad seconds by the length of the window, so that the first bad second of a pipeline that
   * has just begun is not all of it. Of completeness, it is a share of what was counted. Null: nothing was counted.
   */
  #burn(nowMs: number, slots: number): number | null {
    const { bad, total } = this.#ring.sum(nowMs, slots);
    if (total === 0 && bad === 0) return null;
    const whole = this.spec.kind === 'freshness' ? (slots * this.#ring.slotMs) / 1000 : Math.max(total, bad);
    return bad / whole / (1 - this.spec.target);
  }

  /** Share, 0 and less when it is used up. Null as for `#burn`. */
  #budgetLeft(bad: number, total: number): number | null {
    if (total === 0) return null;
    const whole = this.spec.kind === 'freshness' ? this.spec.windowHours * 3600 : total;
    return 1 - bad / whole / (1 - this.spec.target);
  }
}
