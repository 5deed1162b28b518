/**
 * Bad and total counts over the time of one objective, in fixed memory: the newest slots one by one, all of the window in
 * slots 60 times as long. Pure: time comes as data, and may jump.
 */
import { slotMsOf, slotsInWindow } from './burnWindows.ts';

/** The longest window that is summed slot by slot: six hours of 30 days. */
const fineSlots = 361;
const slotsPerCoarse = 60;
const coarseSlots = slotsInWindow / slotsPerCoarse + 1;

export interface Counts {
  readonly bad: number;
  readonly total: number;
}

/** JSON. Slots without counts are left out: `[slot, bad, total]`. */
export interface RingState {
  readonly slotMs: number;
  readonly fine: readonly (readonly [number, number, number])[];
  readonly coarse: readonly (readonly [number, number, number])[];
}

export class BudgetRing {
  readonly slotMs: number;
  readonly #fine: Ring;
  readonly #coarse: Ring;

  /** `state` of another window's length is passed over: counts can't be put into other slots. */
  constructor(windowHours: number, state?: RingState) {
    this.slotMs = slotMsOf(windowHours);
    const known = state?.slotMs === this.slotMs ? state : undefined;
    this.#fine = new Ring(this.slotMs, fineSlots, known?.fine);
    this.#coarse = new Ring(this.slotMs * slotsPerCoarse, coarseSlots, known?.coarse);
  }

  add(atMs: number, counts: Counts): void {
    this.#fine.add(atMs, counts);
    this.#coarse.add(atMs, counts);
  }

  /** Over the newest `slots`, the one of `nowMs` among them. */
  sum(nowMs: number, slots: number): Counts {
    return slots < fineSlots
      ? this.#fine.sum(nowMs, slots)
      : this.#coarse.sum(nowMs, Math.ceil(slots / slotsPerCoarse));
  }

  forgetAfter(nowMs: number): void {
    this.#fine.forgetAfter(nowMs);
    this.#coarse.forgetAfter(nowMs);
  }

  toState(): RingState {
    return { slotMs: this.slotMs, fine: this.#fine.toState(), coarse: this.#coarse.toState() };
  }
}

/** Slot `n` lies at `n % length`; which slot that is, is kept beside it, so that an old one is never taken for a new one. */
class Ring {
  readonly #slotMs: number;
  readonly #slots: Float64Array;
  readonly #bad: Float64Array;
  readonly #total: Float64Array;

  constructor(slotMs: number, length: number, state: RingState['fine'] = []) {
    this.#slotMs = slotMs;
    this.#slots = new Float64Array(length).fill(-1);
    this.#bad = new Float64Array(length);
    this.#total = new Float64Array(length);
    for (const [slot, bad, total] of state) this.#addTo(slot, { bad, total });
  }

  add(atMs: number, counts: Counts): void {
    this.#addTo(Math.floor(atMs / this.#slotMs), counts);
  }

  #addTo(slot: number, { bad, total }: Counts): void {
    const at = slot % this.#slots.length;
    const there = this.#slots[at]!;
    if (slot < there) return;
    // Taken back is only what this slot holds: the count may have been made before the window's length or the clock was changed.
    if (bad < 0 && slot !== there) return;
    if (slot > there) {
      this.#slots[at] = slot;
      this.#bad[at] = 0;
      this.#total[at] = 0;
    }
    this.#bad[at] = Math.max(0, this.#bad[at]! + bad);
    this.#total[at]! += total;
  }

  sum(nowMs: number, slots: number): Counts {
    const newest = Math.floor(nowMs / this.#slotMs);
    let bad = 0;
    let total = 0;
    for (let at = 0; at < this.#slots.length; at++) {
      const age = newest - this.#slots[at]!;
      if (age < 0 || age >= slots || this.#slots[at]! < 0) continue;
      bad += this.#bad[at]!;
      total += this.#total[at]!;
    }
    return { bad, total };
  }

  forgetAfter(nowMs: number): void {
    const newest = Math.floor(nowMs / this.#slotMs);
    for (let at = 0; at < this.#slots.length; at++) if (this.#slots[at]! > newest) this.#slots[at] = -1;
  }

  toState(): RingState['fine'] {
    return [...this.#slots].flatMap((slot, at) =>
      slot >= 0 && this.#total[at]! + this.#bad[at]! > 0 ? [[slot, this.#bad[at]!, this.#total[at]!] as const] : [],
    );
  }
}
