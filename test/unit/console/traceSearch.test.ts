import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { traceQuery } from '../../../platform/api/contract/traces.ts';
import { behind } from '../../../platform/console/app/pages/pipeline/panel/behind.ts';
import { parseDurationMs } from '../../../platform/console/app/pages/traces/duration.ts';
import {
  apiQueryOf,
  defaultSearch,
  searchFaults,
  searchFromUrl,
  searchToUrl,
} from '../../../platform/console/app/pages/traces/search.ts';

describe('durations', () => {
  test.each([
    ['250', 250],
    ['250ms', 250],
    ['1.5 s', 1500],
    ['2m', 120_000],
    ['870us', 0.87],
    ['1h', 3_600_000],
  ])('%s is %d ms', (text, ms) => expect(parseDurationMs(text)).toBeCloseTo(ms, 9));
  test.each(['', 'fast', '1 week', '-5ms', '1e3', '5 ms ms'])('"%s" is none', (text) =>
    expect(parseDurationMs(text)).toBeUndefined(),
  );
});

describe('the search behind a p99', () => {
  test.each([
    [0.0004, '15m'],
    [2500, '15m'],
    [400_000, '1h'],
    [2_000_000, '6h'],
    [80_000_000, 'all'],
  ])('of %d ms is one the page can ask, since %s', (p99Ms, since) => {
    const query = behind(p99Ms);
    expect(query.since).toBe(since);
    const search = searchFromUrl(query);
    expect(searchFaults(search)).toEqual([]);
    expect(Math.abs(parseDurationMs(search.min)! - p99Ms / 1.044)).toBeLessThan(0.001);
  });
});

test('the search behind a p99 of the past ends at its moment, and begins where such a trace can have begun', () => {
  const atMs = 1_764_000_000_000;
  const asked = (p99Ms: number) => apiQueryOf(searchFromUrl(behind(p99Ms, atMs)), atMs + 5 * 86_400_000);
  expect(asked(2500)).toMatchObject({ fromMs: atMs - 900_000, toMs: atMs });
  expect(asked(400_000)).toMatchObject({ fromMs: atMs - 1_700_000, toMs: atMs });
  expect(searchFaults(searchFromUrl(behind(0.0004, atMs + 0.5)))).toEqual([]);
});

describe('a search and its URL', () => {
  test('a default search needs no parameters', () => {
    expect(searchToUrl(defaultSearch)).toEqual({});
    expect(searchFromUrl({})).toEqual(defaultSearch);
  });
  test('any search comes back as it was', () => {
    const text = fc.string({ maxLength: 20 }).map((each) => each.trim());
    const search = fc.record({
      pipeline: text,
      service: text,
      name: text,
      attribute: text,
      min: text,
      max: text,
      status: fc.constantFrom('' as const, 'ok' as const, 'error' as const),
      since: fc.constantFrom('5m', '1h', '1d', ''),
      from: fc.constant(''),
      to: fc.constant(''),
    });
    fc.assert(fc.property(search, (each) => expect(searchFromUrl(searchToUrl(each))).toEqual(each)));
  });
  test('fixed times win over "since"', () => {
    const search = searchFromUrl({ from: '1000', to: '2000', since: '5m', status: 'odd', unknown: '1' });
    expect(search).toEqual({ ...defaultSearch, from: '1000', to: '2000', since: '' });
    expect(searchToUrl(search)).toEqual({ from: '1000', to: '2000' });
  });
  test('what is wrong is said for its field', () => {
    const faults = searchFaults({ ...defaultSearch, min: 'fast', attribute: 'route', max: '1s', from: 'noon' });
    expect(faults.map(({ field }) => field)).toEqual(['min', 'attribute', 'from']);
    expect(searchFaults({ ...defaultSearch, min: '2s', max: '1s' }).map(({ field }) => field)).toEqual(['max']);
    expect(searchFaults({ ...defaultSearch, attribute: 'a=', min: '0' })).toEqual([]);
  });
  test('the API takes what is asked', () => {
    const search = {
      ...defaultSearch,
      service: ' api ',
      attribute: 'http.route=/a=b',
      min: '1.5s',
      status: 'error' as const,
    };
    const query = apiQueryOf(search, 10_000_000);
    expect(query).toEqual({
      service: 'api',
      attribute: 'http.route=/a=b',
      minDurationMs: 1500,
      status: 'error',
      fromMs: 6_400_000,
    });
    expect(traceQuery.parse(query)).toMatchObject(query);
  });
});
