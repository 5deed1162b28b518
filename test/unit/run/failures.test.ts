/** The end of a run repeats what failed in it, and nothing else. */
import { expect, test } from '@jest/globals';
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
