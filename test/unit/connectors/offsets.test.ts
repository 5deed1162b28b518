import { describe, expect, test } from '@jest/globals';
import { judgeCommitted, judgeJump } from '../../../platform/connectors/kafka/offsets.ts';

const range = { partition: 0, low: 100n, high: 200n };

describe('the committed offset', () => {
  test.each([
    ['within the log', 150n, 'accept', 150n, 0n],
    ['at the end', 200n, 'accept', 200n, 0n],
    ['not there yet', -1n, 'accept', 100n, 0n],
    ['deleted by retention', 40n, 'seek', 100n, 60n],
    ['behind the end, as after a topic was made anew', 900n, 'seek', 100n, 0n],
  ] as const)('%s', (_what, committed, action, offset, skipped) => {
    expect(judgeCommitted(committed, range)).toMatchObject({ action, offset, skipped });
  });
  test('is said to be lost only where it is', () => {
    expect(judgeCommitted(150n, range).reset).toBeUndefined();
    expect(judgeCommitted(-1n, range).reset).toBeUndefined();
    expect(judgeCommitted(40n, range).reset).toContain('40');
    expect(judgeCommitted(900n, range).reset).toContain('900');
  });
});

describe('a batch that does not follow', () => {
  test.each([
    ['jumped over records that are there', 180n, 150n, false, 'seek', 150n, 0n],
    ['jumped again: a hole in the log', 180n, 150n, true, 'accept', 180n, 0n],
    ['went back: records come again', 120n, 150n, false, 'accept', 120n, 0n],
    ['went on after deleted records', 100n, 40n, false, 'accept', 100n, 60n],
    ['jumped to the latest after deleted records', 199n, 40n, false, 'seek', 100n, 60n],
    ['began a topic made anew', 100n, 900n, false, 'accept', 100n, 0n],
    ['jumped to the latest of a topic made anew', 200n, 900n, false, 'seek', 100n, 0n],
  ] as const)('%s', (_what, first, expected, askedAgain, action, offset, skipped) => {
    expect(judgeJump(first, expected, range, askedAgain)).toMatchObject({ action, offset, skipped });
  });
});
