/** A pipeline's state does not flap. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { flowState, type PipelineState } from '../../../../platform/api/contract/pipelines.ts';
import type { Verdict } from '../../../../platform/observe/watch/flowState.ts';
import { type Held, hold } from '../../../../platform/observe/watch/hold.ts';

describe('holding on to a state', () => {
  const says = (state: PipelineState): Verdict => ({ state, reason: `it is ${state}.`, next: null });
  const heldAfter = (looks: readonly [number, PipelineState][]) =>
    looks.reduce<Held | undefined>((held, [atMs, state]) => hold(held, says(state), atMs), undefined)!;

  test('one look does not change it, looks of some seconds do', () => {
    expect(
      heldAfter([
        [0, 'flowing'],
        [1000, 'degraded'],
        [2000, 'flowing'],
      ]),
    ).toMatchObject({ state: 'flowing', sinceMs: 0 });
    expect(
      heldAfter([
        [0, 'flowing'],
        [1000, 'degraded'],
        [4000, 'degraded'],
      ]),
    ).toMatchObject({ state: 'degraded', sinceMs: 4000 });
  });

  test('an operation is told at once, and so is what comes after it', () => {
    expect(
      heldAfter([
        [0, 'flowing'],
        [1000, 'deploying'],
      ]).state,
    ).toBe('deploying');
    expect(
      heldAfter([
        [0, 'deploying'],
        [1000, 'idle'],
      ]).state,
    ).toBe('idle');
  });

  test('looks that say now this, now that, leave it within three seconds all the same', () => {
    expect(
      heldAfter([
        [0, 'flowing'],
        [1000, 'degraded'],
        [2000, 'stalled'],
        [3000, 'degraded'],
        [4000, 'degraded'],
      ]).state,
    ).toBe('degraded');
  });

  test('between two changes of flow states there are two seconds at least', () => {
    const looks = fc.array(fc.constantFrom(...flowState.options), { minLength: 2, maxLength: 60 });
    fc.assert(
      fc.property(looks, (states) => {
        let held: Held | undefined;
        let changedMs = Number.NEGATIVE_INFINITY;
        for (const [at, state] of states.entries()) {
          const next = hold(held, says(state), at * 1000);
          if (held !== undefined && next.state !== held.state) {
            expect(at * 1000 - changedMs).toBeGreaterThanOrEqual(2000);
            changedMs = at * 1000;
          }
          held = next;
        }
      }),
    );
  });
});
