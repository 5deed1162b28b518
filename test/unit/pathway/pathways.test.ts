import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  formatPathwayHeader,
  parsePathwayHeader,
  pathwayHeaderLength,
} from '../../../platform/telemetry/pathway/header.ts';
import {
  addHistograms,
  histogramSince,
  LatencyHistogram,
  quantileOf,
} from '../../../platform/telemetry/pathway/histogram.ts';
import {
  type Checkpoint,
  createCheckpoint,
  overflowPathway,
  pathwayId,
  rootPathway,
} from '../../../platform/telemetry/pathway/pathways.ts';

const time = fc.integer({ min: 1_000_000_000_000, max: 9_999_999_999_999 });
const id = fc.stringMatching(/^[0-9a-f]{16}$/);

describe('the header', () => {
  test('comes back as it was written, and is always as long', () => {
    fc.assert(
      fc.property(id, time, time, (pathway, originMs, previousMs) => {
        const header = formatPathwayHeader({ pathway, originMs, previousMs });
        expect(header).toHaveLength(pathwayHeaderLength);
        expect(parsePathwayHeader(header)).toEqual({ pathway, originMs, previousMs });
      }),
    );
  });

  test.each([
    ['nothing', undefined],
    ['empty', ''],
    ['the former version', '1;flight-delays;1795538309416'],
    ['an id with other letters', `2;${'g'.repeat(16)};1795538309416;1795538309416`],
    ['a time with letters', `2;${'a'.repeat(16)};17955383094x6;1795538309416`],
    ['a separator too few', `2;${'a'.repeat(16)}01795538309416;1795538309416`],
    ['one character more', `2;${'a'.repeat(16)};1795538309416;17955383094160`],
    ['megabytes', '2;'.repeat(1_000_000)],
  ])('%s counts as none', (_, header) => {
    expect(parsePathwayHeader(header)).toBeUndefined();
  });
});

describe('the histogram', () => {
  const latency = fc.oneof(
    fc.integer({ min: 0, max: 3_600_000 }),
    fc.double({ min: 0, max: 100, noNaN: true }),
    fc.constantFrom(1, 2, 4, 8, 1024, 2 ** 20),
  );
  const filled = (values: readonly number[]) => {
    const histogram = new LatencyHistogram();
    for (const value of values) histogram.record(value);
    return histogram.snapshot();
  };

  test('answers each quantile within 4.4 % of the exact one', () => {
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1, maxLength: 300 }), (values) => {
        const sorted = values.toSorted((one, other) => one - other);
        const snapshot = filled(values);
        for (const quantile of [0, 0.5, 0.9, 0.99, 1]) {
          const exact = sorted[Math.max(1, Math.ceil(quantile * sorted.length)) - 1]!;
          const answer = quantileOf(snapshot, quantile);
          if (exact <= 1) expect(answer).toBeLessThanOrEqual(1);
          else expect(Math.abs(answer - exact) / exact).toBeLessThan(0.044);
        }
      }),
    );
  });

  test('answers any quantile within 4.4 % of the exact one, however skewed the latencies are', () => {
    // From under a millisecond to hours, as powers of ten: each decade as likely as the next.
    const skewed = fc.double({ min: -0.5, max: 7, noNaN: true }).map((power) => 10 ** power);
    const quantiles = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(fc.array(skewed, { minLength: 1, maxLength: 2000 }), quantiles, (values, asked) => {
        const sorted = values.toSorted((one, other) => one - other);
        const snapshot = filled(values);
        for (const quantile of [...asked, 0.99, 0.999]) {
          const exact = sorted[Math.max(1, Math.ceil(quantile * sorted.length)) - 1]!;
          const answer = quantileOf(snapshot, quantile);
          if (exact <= 1) expect(answer).toBeLessThanOrEqual(1);
          else expect(Math.abs(answer - exact) / exact).toBeLessThan(0.044);
        }
      }),
    );
  });

  test('counts everything once: zeros and buckets add up to the count', () => {
    fc.assert(
      fc.property(fc.array(latency, { maxLength: 200 }), (values) => {
        const { count, zeroCount, buckets } = filled(values);
        expect(count).toBe(values.length);
        expect(zeroCount + buckets.reduce((sum, each) => sum + each, 0)).toBe(count);
      }),
    );
  });

  test('two together are as one that took all; since the first it is the second', () => {
    fc.assert(
      fc.property(fc.array(latency), fc.array(latency), (first, second) => {
        const both = filled([...first, ...second]);
        const added = addHistograms(filled(first), filled(second));
        expect({ ...added, sumMs: 0, exemplars: [] }).toEqual({ ...both, sumMs: 0, exemplars: [] });
        const since = histogramSince(filled(first), both);
        const alone = filled(second);
        expect(since.count).toBe(alone.count);
        for (const quantile of [0.5, 0.99]) {
          const [one, other] = [quantileOf(since, quantile), quantileOf(alone, quantile)];
          expect(Math.abs(one - other)).toBeLessThanOrEqual(other * 0.1 + 1);
        }
      }),
    );
  });

  test('a snapshot after a restart counts from zero, and is taken as it is', () => {
    expect(histogramSince(filled([1, 2, 3]), filled([5])).count).toBe(1);
  });

  test('a latency of days goes into the last bucket', () => {
    const snapshot = filled([2 ** 40]);
    expect(snapshot.buckets).toEqual([1]);
    expect(quantileOf(snapshot, 0.5)).toBeLessThanOrEqual(snapshot.maxMs);
  });
});

describe('a checkpoint', () => {
  const pass = (checkpoint: Checkpoint, header: string, nowMs: number, traceparent?: string) => {
    const context = checkpoint.read(header);
    if (context !== undefined) checkpoint.passed(context, nowMs, traceparent);
    return context;
  };
  const ingress = createCheckpoint({ name: 'ingress:in', startMs: 0 });
  const sink = createCheckpoint({ name: 'sink:rows', startMs: 0 });

  test('counts each event by its own header, on the chain it came by', () => {
    const now = 1_795_538_309_000;
    const direct = ingress.stamp(now);
    const job = createCheckpoint({ name: 'job:late', startMs: 0 });
    const context = pass(job, direct, now + 30);
    const throughJob = job.onward(context!, now + 40);
    pass(sink, direct, now + 100);
    pass(sink, throughJob, now + 100);
    const { pathways } = sink.snapshot();
    const first = pathwayId(rootPathway, 'ingress:in');
    const ids = [pathwayId(first, 'sink:rows'), pathwayId(pathwayId(first, 'job:late'), 'sink:rows')];
    expect(pathways.map(({ pathway }) => pathway)).toEqual(ids);
    expect(pathways.map(({ edge }) => edge.maxMs)).toEqual([100, 60]);
    expect(pathways.map(({ endToEnd }) => endToEnd.maxMs)).toEqual([100, 100]);
  });

  test('counts clocks that run backwards, and events without a header, and hides neither', () => {
    const odd = createCheckpoint({ name: 'sink:odd', startMs: 0 });
    pass(odd, ingress.stamp(1_795_538_309_500), 1_795_538_309_000);
    pass(odd, 'nonsense', 1_795_538_309_000);
    const snapshot = odd.snapshot();
    expect(snapshot.withoutHeader).toBe(1);
    expect(snapshot.pathways[0]).toMatchObject({ count: 1, negativeEdge: 1, negativeEndToEnd: 1 });
    expect(snapshot.pathways[0]!.edge.count).toBe(0);
  });

  test('keeps the trace of a sampled event beside its latency', () => {
    const traced = createCheckpoint({ name: 'sink:traced', startMs: 0 });
    const sampled = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    pass(traced, ingress.stamp(1_795_538_309_000), 1_795_538_309_250, sampled);
    pass(traced, ingress.stamp(1_795_538_309_000), 1_795_538_309_900, sampled.replace(/1$/, '0'));
    const { endToEnd } = traced.snapshot().pathways[0]!;
    const exemplar = { valueMs: 250, atMs: 1_795_538_309_250, traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
    expect(endToEnd.exemplars).toEqual([exemplar]);
  });

  test('with more pathways than it has room for counts the rest as overflow, in constant memory', () => {
    const small = createCheckpoint({ name: 'sink:small', startMs: 0, maxPathways: 3 });
    for (let i = 0; i < 1000; i++) {
      const pathway = pathwayId(rootPathway, `checkpoint:${i}`);
      const header = formatPathwayHeader({ pathway, originMs: 1_795_538_309_000, previousMs: 1_795_538_309_000 });
      pass(small, header, 1_795_538_309_010);
    }
    const { pathways, overflowed } = small.snapshot();
    expect(overflowed).toBe(true);
    expect(pathways).toHaveLength(4);
    expect(pathways.at(-1)).toMatchObject({ pathway: overflowPathway, count: 997 });
  });
});
