/** What is told of a pipeline: every event once, what is not known not at all, and differences that add up. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Deltas } from '../../../platform/telemetry/export/deltas.ts';
import { metricsPage, renderMetricsPage } from '../../../platform/telemetry/export/document.ts';
import { LedgerCounts } from '../../../platform/telemetry/export/ledgerCounts.ts';
import { metrics, prometheusName } from '../../../platform/telemetry/export/metrics.ts';
import { type Point, pointsOf } from '../../../platform/telemetry/export/points.ts';
import type { PipelineSight } from '../../../platform/telemetry/export/sight.ts';
import { bornMs, sightOf, sink } from './sights.ts';

const options = (startMs = bornMs, nowMs = bornMs + 1000) => ({
  ...{ nowMs, startMs, ledgerCounts: new LedgerCounts(startMs) },
});
const told = (points: readonly Point[], metric: Point['metric']) => points.filter((point) => point.metric === metric);
const value = (points: readonly Point[], metric: Point['metric'], attributes: object = {}) =>
  told(points, metric)
    .filter((point) => Object.entries(attributes).every(([key, wanted]) => point.attributes[key] === wanted))
    .map((point) => ('value' in point ? point.value : Number.NaN));

describe('points', () => {
  test('count every event of a checkpoint, with its task, stage and pathway', () => {
    const store = sink('store');
    store.pass([5, 50, 500], bornMs + 1000);
    const points = pointsOf([sightOf([store])], options());
    const [endToEnd] = told(points, 'endToEnd');
    expect(endToEnd).toMatchObject({
      startMs: bornMs,
      attributes: { 'millrace.pipeline': 'p', 'millrace.task': 'p.sinks.0', 'millrace.stage': 'store' },
      histogram: { count: 3, sumMs: 555, minMs: 5, maxMs: 500, exemplars: [{ valueMs: 5 }] },
    });
    expect(endToEnd!.attributes['millrace.pathway']).toMatch(/^[0-9a-f]{16}$/);
    expect(value(points, 'events')).toEqual([3]);
    expect(value(points, 'tallied', { 'millrace.ledger.kind': 'out' })).toEqual([3]);
    expect(value(points, 'unmarked')).toEqual([0]);
  });

  test('of clocks in the wrong order are counted apart, and in no histogram', () => {
    const store = sink('store');
    store.pass([-7, 7], bornMs + 1000);
    const points = pointsOf([sightOf([store])], options());
    expect(value(points, 'negative', { 'millrace.latency': 'end-to-end' })).toEqual([1]);
    expect(value(points, 'events')).toEqual([2]);
    expect(told(points, 'endToEnd')[0]).toMatchObject({ histogram: { count: 1 } });
  });

  test('of what is not known are left out, and the state is one of all', () => {
    const points = pointsOf(
      [
        sightOf([], {
          state: 'stalled',
          ledger: {
            windows: [
              { state: 'balanced' },
              { state: 'unbalanced', faults: [{}, { acknowledged: { atMs: 1, note: null } }] },
              { state: 'unbalanced', faults: [{ acknowledged: { atMs: 1, note: null } }] },
            ],
            ...{ lost: 2, duplicated: 0 },
          },
          lag: { hops: [{ hop: 'store', topic: 'p.t', lagRecords: 4, lagSeconds: null, drainSeconds: null }] },
          objectives: [{ name: 'fresh', target: 0.99, reached: null, burnRates: { '5m': 3, '1h': null } }],
          spansDropped: { 'p.sinks.0': 9 },
        }),
      ],
      options(),
    );
    expect(value(points, 'lagRecords', { 'messaging.destination.name': 'p.t' })).toEqual([4]);
    for (const absent of ['lagTime', 'drainTime', 'reached'] as const) expect(told(points, absent)).toEqual([]);
    expect(value(points, 'burnRate')).toEqual([3]);
    expect(value(points, 'windows', { 'millrace.ledger.window.state': 'unbalanced' })).toEqual([1]);
    expect(value(points, 'windows', { 'millrace.ledger.window.state': 'acknowledged' })).toEqual([1]);
    expect(value(points, 'state', { 'millrace.pipeline.state': 'stalled' })).toEqual([1]);
    expect(value(points, 'state').reduce((sum, each) => sum + each)).toBe(1);
    expect(value(points, 'dropped', { 'millrace.telemetry.signal': 'spans' })).toEqual([9]);
  });

  test('of one metric never have the same attributes twice', () => {
    const sinks = [sink('one'), sink('two')];
    for (const each of sinks) each.pass([1, 2], bornMs + 1000);
    const points = pointsOf([sightOf(sinks), { ...sightOf(sinks), pipeline: 'q' }], options());
    const keys = points.map(({ metric, attributes }) => JSON.stringify([metric, attributes]));
    expect(new Set(keys).size).toBe(keys.length);
    for (const { metric, attributes } of points) {
      expect(metrics[metric].attributes).toEqual(expect.arrayContaining(Object.keys(attributes)));
    }
  });
});

describe('the counters of the ledger', () => {
  const cell = (originMs: number, count: number, since = bornMs) => ({
    ...{ originMs, pathway: 'a', since },
    tallies: { in: { count, sum: '0', xor: '0' } },
  });
  const report = (cells: readonly ReturnType<typeof cell>[]) => ({
    ...sightOf([sink('store')]).tasks[0]!.stages[0]!,
    ledger: { stage: 'store', cells, withoutOrigin: 0, forgottenWindows: 0, fault: undefined },
  });

  test('go on when windows are given up, and when a page is cut and whole again', () => {
    const counts = new LedgerCounts(bornMs);
    expect(counts.add('p', 't', report([cell(10, 3)]))).toEqual({ in: 3 });
    expect(counts.add('p', 't', report([cell(10, 5), cell(20, 2)]))).toEqual({ in: 7 });
    expect(counts.add('p', 't', report([cell(20, 2)]))).toEqual({ in: 7 });
    expect(counts.add('p', 't', report([cell(10, 6), cell(20, 4)]))).toEqual({ in: 10 });
  });

  test('stay bounded in memory, and do not count a forgotten window again', () => {
    const counts = new LedgerCounts(bornMs, 16);
    const all = Array.from({ length: 100 }, (_, at) => cell(at * 10, 1));
    for (const [at] of all.entries()) counts.add('p', 't', report(all.slice(0, at + 1)));
    expect(counts.add('p', 't', report(all))).toEqual({ in: 100 });
  });

  test('of an export that begins anew do not tell again what was there before', () => {
    const counts = new LedgerCounts(bornMs + 5000);
    expect(counts.add('p', 't', report([cell(10, 100), cell(20, 1, bornMs + 6000)]))).toEqual({ in: 1 });
    expect(counts.add('p', 't', report([cell(10, 101)]))).toEqual({ in: 2 });
  });
});

test('differences add up to what is cumulative, over any collections', () => {
  const latencies = fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 30 });
  fc.assert(
    fc.property(fc.array(latencies, { minLength: 1, maxLength: 8 }), (rounds) => {
      const store = sink('store');
      const deltas = new Deltas();
      const sight = (): readonly PipelineSight[] => [sightOf([store])];
      const settings = options();
      let [sum, events, buckets] = [0, 0, 0];
      rounds.forEach((round, at) => {
        const nowMs = bornMs + (at + 1) * 1000;
        store.pass(round, nowMs);
        for (const point of deltas.of(pointsOf(sight(), { ...settings, nowMs }), nowMs)) {
          if (point.metric === 'events' && 'value' in point) events += point.value;
          if (point.metric !== 'endToEnd' || !('histogram' in point)) continue;
          sum += point.histogram.sumMs;
          buckets += point.histogram.zeroCount + point.histogram.buckets.reduce((total, each) => total + each, 0);
        }
      });
      const all = rounds.flat();
      expect([events, buckets, sum]).toEqual([all.length, all.length, all.reduce((total, each) => total + each, 0)]);
    }),
  );
});

test('a process that has started anew tells everything as new', () => {
  const deltas = new Deltas();
  const counted = (startMs: number, latenciesMs: readonly number[]) => {
    const store = sink('store', startMs);
    store.pass(latenciesMs, startMs + 1000);
    return value(deltas.of(pointsOf([sightOf([store])], options()), startMs + 1000), 'events');
  };
  expect(counted(bornMs, [1, 2, 3])).toEqual([3]);
  expect(counted(bornMs + 9000, [1, 2, 3, 4])).toEqual([4]);
});

test('the reference names every metric as it is', () => {
  const page = readFileSync(metricsPage, 'utf8');
  expect(page).toBe(renderMetricsPage(page));
  expect(prometheusName(metrics.endToEnd)).toBe('millrace_pathway_end_to_end_duration_milliseconds');
  expect(prometheusName(metrics.tallied)).toBe('millrace_ledger_events_total');
});
