import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Algorithm, FitTree } from '../../../platform/allocate/fitTree.ts';

type Free = readonly [number, number, number, number];

const amount = fc.integer({ min: 0, max: 12 });
const free: fc.Arbitrary<Free> = fc.tuple(amount, amount, amount, amount);
const slots = 60;
const changes = fc.array(fc.tuple(fc.nat(slots - 1), fc.option(free, { freq: 4 }), fc.boolean()), {
  minLength: 1,
  maxLength: 1500,
  size: 'max',
});

/** Looks at every slot. */
function bestOfAll(there: readonly (Free | undefined)[], asked: Free, algorithm: Algorithm, odd: boolean): number {
  let [best, bestScore] = [-1, Number.NEGATIVE_INFINITY];
  for (const [slot, each] of there.entries()) {
    if (each === undefined || asked.some((ask, r) => ask > each[r]!) || (odd && slot % 2 === 0)) continue;
    const share = Math.max(0, ...asked.map((ask, r) => (ask === 0 ? 0 : ask / each[r]!)));
    const score = algorithm === 'binpack' ? share : -share;
    if (score > bestScore) [best, bestScore] = [slot, score];
  }
  return best;
}

test.each(['binpack', 'spread'] as const)(
  '%s: the slot is that of a look at every slot, however often they change',
  (algorithm) => {
    fc.assert(
      fc.property(changes, fc.array(fc.tuple(free, fc.boolean()), { minLength: 1, maxLength: 10 }), (steps, asks) => {
        const tree = new FitTree();
        tree.resize(slots);
        const there: (Free | undefined)[] = Array.from({ length: slots }, () => undefined);
        for (const [slot, each, looks] of steps) {
          there[slot] = each ?? undefined;
          if (each) tree.update(slot, Float64Array.from(each), 0);
          else tree.clear(slot);
          const [asked, odd] = asks[slot % asks.length]!;
          if (!looks) continue;
          const found = tree.best(Float64Array.from(asked), algorithm, (at) => !odd || at % 2 === 1);
          expect(found).toBe(bestOfAll(there, asked, algorithm, odd));
        }
      }),
      { numRuns: 60 },
    );
  },
);
