import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { packJar, pathsIn } from '../../../platform/artifacts/jar.ts';

const entries = fc.uniqueArray(
  fc.record({
    path: fc.stringMatching(/^[a-zé]{1,8}(\/[A-Z][a-z$]{0,8}){0,3}\.class$/),
    content: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  }),
  { maxLength: 20, selector: ({ path }) => path },
);

describe('a jar', () => {
  test('lists what was packed, sorted', () => {
    fc.assert(
      fc.property(entries, (packed) => {
        expect(pathsIn(packJar(packed))).toEqual(packed.map(({ path }) => path).sort());
      }),
    );
  });

  test('is the same for the same content, in whatever order it came', () => {
    fc.assert(
      fc.property(entries, (packed) => {
        expect(packJar(packed.toReversed()).equals(packJar(packed))).toBe(true);
      }),
    );
  });
});
