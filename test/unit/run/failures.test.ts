/** The end of a run repeats what failed in it, and nothing else. */
import { describe, expect, test } from '@jest/globals';
import { endingOf, jestOutcome } from '../../ending.ts';
import { failuresIn } from '../../failures.ts';

const passed = { fullName: 'one is one', status: 'passed', failureMessages: [] };

test('a failed test is named with its file and its message, without colours', () => {
  const failed = {
    fullName: 'two is two',
    status: 'failed',
    failureMessages: ['\u001b[31mExpected: 2\u001b[39m\nReceived: 3'],
  };
  const file = {
    name: '/root/test/unit/sums.test.ts',
    message: '',
    status: 'failed',
    assertionResults: [passed, failed],
  };
  expect(failuresIn({ testResults: [file] }, '/root')).toEqual([
    'test/unit/sums.test.ts: two is two\n    Expected: 2\n    Received: 3',
  ]);
});

test('a file that could not be run is named; files that passed are not', () => {
  const broken = {
    name: '/root/test/unit/b.test.ts',
    message: 'no such module',
    status: 'failed',
    assertionResults: [],
  };
  const good = { name: '/root/test/unit/g.test.ts', message: '', status: 'passed', assertionResults: [passed] };
  expect(failuresIn({ testResults: [broken, good] }, '/root')).toEqual([
    'test/unit/b.test.ts: could not be run\n    no such module',
  ]);
});

test('what failed outside of the tests of a file is named beside them, as jest tells both in one message', () => {
  const failed = { fullName: 'sums two is two', status: 'failed', failureMessages: ['Expected: 2'] };
  const own = '  ● Test suite failed to run\n\n    afterAll: server did not stop\n';
  const file = {
    name: '/root/test/unit/sums.test.ts',
    message: `  ● sums › two is two\n\n    Expected: 2\n\n\u001b[1m${own}\u001b[22m`,
    status: 'failed',
    assertionResults: [passed, failed],
  };
  const outside =
    'test/unit/sums.test.ts: failed outside of its tests\n    Test suite failed to run\n    \n        afterAll: server did not stop';
  expect(failuresIn({ testResults: [file] }, '/root')).toEqual([
    'test/unit/sums.test.ts: sums two is two\n    Expected: 2',
    outside,
  ]);
  const alone = { ...file, message: own, assertionResults: [passed] };
  expect(failuresIn({ testResults: [alone] }, '/root')).toEqual([outside]);
});

describe('a stage of jest', () => {
  const report = {
    ...{ numPassedTests: 3, numFailedTests: 0, numRuntimeErrorTestSuites: 0, numPendingTests: 1, numTodoTests: 1 },
    testResults: [],
  };

  test.each([
    ['passes', { code: 0, isKilled: false, report }, { passed: 3, failed: 0, skipped: 2 }, []],
    [
      'leaves no report',
      { code: 134, isKilled: false, report: undefined },
      { failed: 1 },
      [/exit code 134.*no report/],
    ],
    ['does not end', { code: 1, isKilled: true, report }, { passed: 3, failed: 1 }, [/left open/]],
    ['fails without a test', { code: 1, isKilled: false, report }, { failed: 1 }, [/exit code 1, and no test/]],
  ])('that %s', (_, end, outcome, said) => {
    const found = jestOutcome('unit', end, '/root');
    expect(found.outcome).toMatchObject(outcome);
    expect(found.failures).toEqual(said.map((each) => expect.stringMatching(each)));
  });
});

test('the last line has one form only; what was skipped is said on a line before it, after what failed', () => {
  expect(endingOf({ passed: 7, failed: 0, skipped: 0 }, [])).toEqual(['\n7 passed, 0 failed']);
  const lines = endingOf({ passed: 7, failed: 1, skipped: 4 }, ['a: b']);
  expect(lines).toEqual(['\nfailed: a: b', expect.stringMatching(/^\nSKIPPED: 4 tests/), '\n7 passed, 1 failed']);
});
