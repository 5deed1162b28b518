/**
 * What a set of events comes down to: how many they are, and the sum and the exclusive or of a 64-bit hash of their ids. Two
 * sets with the same tally are the same set, but for a chance of about 2^-64: a missing, a doubled and a foreign event each
 * change it, whatever the order. Tallies add up, so that parts can be counted apart.
 *
 * The hash is two FNV-1a lanes of 32 bits over the UTF-16 code units (Fowler, Noll and Vo,
 * http://www.isthe.com/chongo/tech/comp/fnv/: 32-bit prime and offset basis; the second lane has a basis of its own and reads
 * `unit * 31`), each ended by the 32-bit finaliser of MurmurHash3 (Appleby, public domain).
 */

/** 64 bits as two halves: numbers of JavaScript can't carry them, and BigInt is twenty times slower. */
export interface Hash64 {
  readonly high: number;
  readonly low: number;
}

/** By itself: within a test's own realm each look at a global is slow. */
const { imul } = Math;
const prime = 0x01000193;
const lowBasis = 0x811c9dc5;
const highBasis = 0x9747b28c;

/** Each half is an unsigned 32-bit integer. */
export function eventHash(id: string): Hash64 {
  let low = lowBasis;
  let high = highBasis;
  for (let i = 0; i < id.length; i++) {
    const unit = id.charCodeAt(i);
    low = imul(low ^ unit, prime);
    high = imul(high ^ (unit * 31), prime);
  }
  low = finalise(low ^ high);
  return { high: finalise(high ^ low), low };
}

function finalise(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** A tally as it is written down: the halves as 16 hexadecimal digits. */
export interface TallyValue {
  readonly count: number;
  readonly sum: string;
  readonly xor: string;
}

const twoTo32 = 0x1_0000_0000;

export class Tally {
  count = 0;
  #sumHigh = 0;
  #sumLow = 0;
  #xorHigh = 0;
  #xorLow = 0;

  add({ high, low }: Hash64): void {
    this.count += 1;
    this.#addSum(high, low);
    this.#xorHigh ^= high;
    this.#xorLow ^= low;
  }

  merge(other: TallyValue): void {
    const [sumHigh, sumLow] = halvesOf(other.sum);
    const [xorHigh, xorLow] = halvesOf(other.xor);
    this.count += other.count;
    this.#addSum(sumHigh, sumLow);
    this.#xorHigh ^= xorHigh;
    this.#xorLow ^= xorLow;
  }

  value(): TallyValue {
    return {
      count: this.count,
      sum: hex(this.#sumHigh) + hex(this.#sumLow),
      xor: hex(this.#xorHigh) + hex(this.#xorLow),
    };
  }

  /** Modulo 2^64. */
  #addSum(high: number, low: number): void {
    const sum = this.#sumLow + low;
    this.#sumLow = sum >= twoTo32 ? sum - twoTo32 : sum;
    this.#sumHigh = (this.#sumHigh + high + (sum >= twoTo32 ? 1 : 0)) % twoTo32;
  }
}

export const emptyTally: TallyValue = { count: 0, sum: '0'.repeat(16), xor: '0'.repeat(16) };

export function sameTally(one: TallyValue, other: TallyValue): boolean {
  return one.count === other.count && one.sum === other.sum && one.xor === other.xor;
}

export function addTallies(values: readonly TallyValue[]): TallyValue {
  const some = values.filter(({ count }) => count > 0);
  if (some.length <= 1) return some[0] ?? emptyTally;
  const tally = new Tally();
  for (const value of some) tally.merge(value);
  return tally.value();
}

function halvesOf(digits: string): [number, number] {
  return [Number.parseInt(digits.slice(0, 8), 16), Number.parseInt(digits.slice(8), 16)];
}

function hex(half: number): string {
  return (half >>> 0).toString(16).padStart(8, '0');
}
