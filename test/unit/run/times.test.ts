import { expect, test } from '@jest/globals';
import { timesIn } from '../../times.ts';

const fileOf = (name: string, endTime: number, durations: readonly (number | null)[]) => ({
  ...{ name: `/root/test/${name}`, startTime: 1000, endTime },
  assertionResults: durations.map((duration, at) => ({ fullName: `${name} ${at}`, duration })),
});

test('the longest file comes first, with its longest tests and what it took besides them', () => {
  const report = { testResults: [fileOf('short', 3000, [500]), fileOf('long', 11_000, [1000, 4000, null, 2000, 10])] };
  expect(timesIn(report, '/root')).toEqual([
    '  10.0 s test/long, 3.0 s besides its tests',
    '       4.0 s long 1',
    '       2.0 s long 3',
    '       1.0 s long 0',
    '   2.0 s test/short, 1.5 s besides its tests',
    '       0.5 s short 0',
  ]);
});

test('of many files the fifteen longest are shown', () => {
  const report = { testResults: Array.from({ length: 40 }, (_, at) => fileOf(`file-${at}`, 2000 + at, [])) };
  const lines = timesIn(report, '/root');
  expect(lines).toHaveLength(15);
  expect(lines[0]).toContain('file-39');
});
