import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  formatBytes,
  formatCount,
  formatPercent,
  formatRate,
  threeDigits,
} from '../../../platform/console/app/format/numbers.ts';
import {
  formatAge,
  formatClockMs,
  formatDuration,
  formatLag,
  formatMoment,
  formatSeconds,
  formatTick,
} from '../../../platform/console/app/format/times.ts';

describe('numbers', () => {
  it.each([
    [null, '–'],
    [0, '0'],
    [1234.4, '1,234'],
    [9999, '9,999'],
    [12_340, '12.3k'],
    [999_600, '1000k'],
    [4_560_000, '4.56M'],
    [7e9, '7G'],
  ])('a count of %p is %p', (value, text) => expect(formatCount(value)).toBe(text));

  it.each([
    [null, '–'],
    [0, '0/s'],
    [0.01, '<0.1/s'],
    [9.14, '9.1/s'],
    [1940.5, '1,941/s'],
  ])('a rate of %p is %p', (value, text) => expect(formatRate(value)).toBe(text));

  it('has shares and sizes', () => {
    expect(formatPercent(0.99617, 2)).toBe('99.62 %');
    expect(formatPercent(null)).toBe('–');
    expect([formatBytes(0), formatBytes(1023), formatBytes(1536), formatBytes(5 * 2 ** 30)]).toEqual([
      '0 B',
      '1023 B',
      '1.5 KiB',
      '5 GiB',
    ]);
  });

  it('is off by less than a hundredth with three digits', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 999, noNaN: true }), (value) => {
        expect(Math.abs(Number(threeDigits(value)) - value) / value).toBeLessThan(0.01);
      }),
    );
  });
});

describe('times', () => {
  it.each([
    [null, '–'],
    [0, '0 ms'],
    [0.004, '<0.01 ms'],
    [0.25, '0.25 ms'],
    [41.24, '41.2 ms'],
    [1240, '1.24 s'],
    [125_000, '2 min 5 s'],
    [120_000, '2 min'],
    [11_040_000, '3 h 4 min'],
    [183_600_000, '2 d 3 h'],
    [-1500, '−1.5 s'],
  ])('%p ms are %p', (ms, text) => expect(formatDuration(ms)).toBe(text));

  it('has seconds and ages', () => {
    expect([formatSeconds(0), formatSeconds(0.8), formatSeconds(null)]).toEqual(['0 s', '800 ms', '–']);
    const lags = [
      { lagSeconds: null, lagRecords: 7 },
      { lagSeconds: null, lagRecords: null },
      { lagSeconds: 2, lagRecords: 7 },
    ];
    expect(lags.map(formatLag)).toEqual(['unknown', '–', '2 s']);
    expect([formatAge(1000, 1500), formatAge(0, 12_000), formatAge(0, 7_300_000), formatAge(5000, 0)]).toEqual([
      'now',
      '12 s ago',
      '2 h ago',
      'in 5 s',
    ]);
  });

  it('labels each tick of an axis otherwise, however near they are', () => {
    const at = Date.UTC(2026, 10, 24, 0, 58);
    expect([300_000, 15_000, 500].map((stepMs) => formatTick(at + stepMs, stepMs, 'UTC'))).toEqual([
      '01:03',
      '00:58:15',
      '00:58:00.500',
    ]);
    // As uPlot chooses them: multiples of a step.
    const steps = fc.constantFrom(
      1,
      50,
      500,
      1000,
      5000,
      15_000,
      30_000,
      60_000,
      300_000,
      3_600_000,
      86_400_000,
      604_800_000,
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 2, max: 20 }), (stepMs, count) => {
        const labels = Array.from({ length: count }, (_, tick) => formatTick(at + tick * stepMs, stepMs, 'UTC'));
        expect(new Set(labels).size).toBe(count);
      }),
    );
  });

  it('tells the day only when it is another', () => {
    const at = Date.UTC(2026, 10, 24, 14, 3, 59, 42);
    expect(formatClockMs(at, 'UTC')).toBe('14:03:59.042');
    expect(formatMoment(at, at + 3_600_000, 'UTC')).toBe('14:03:59');
    expect(formatMoment(at, at + 86_400_000, 'UTC')).toBe('24 Nov 2026, 14:03:59');
  });
});
