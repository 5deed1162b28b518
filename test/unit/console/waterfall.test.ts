import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ApiTraceSpan } from '../../../platform/api/contract/traces.ts';
import { criticalPath } from '../../../platform/console/app/pages/traces/criticalPath.ts';
import { spanLinks } from '../../../platform/console/app/pages/traces/spanLinks.ts';
import { axisTicks, extentOf, parentsOf, waterfallRows } from '../../../platform/console/app/pages/traces/waterfall.ts';

function span(spanId: string, depth: number, offsetMs: number, durationMs: number): ApiTraceSpan {
  const rest = { parentSpanId: null, name: spanId, kind: 'internal', service: 's', instance: 'i' } as const;
  return { ...rest, spanId, depth, offsetMs, durationMs, startMs: 1000 + offsetMs, error: null, attributes: {} };
}
/** Ingress answers after 10 ms; the record it sent is stored at 90. */
const chain = [
  span('post', 0, 0, 10),
  span('send', 1, 2, 6),
  span('receive', 2, 5, 35),
  span('sink', 3, 40, 50),
  span('write', 4, 60, 30),
  span('audit', 1, 1, 2),
];
const trace = { durationMs: 90, spans: chain };

describe('waterfall', () => {
  test('bars lie where the spans were, in percent of the trace', () => {
    const rows = waterfallRows(trace, new Set(), new Set(['sink']));
    expect(rows.map((row) => row.span.spanId)).toEqual(['post', 'send', 'receive', 'sink', 'write', 'audit']);
    expect(rows[3]!.leftPercent).toBeCloseTo((40 / 90) * 100);
    expect(rows[3]!.widthPercent).toBeCloseTo((50 / 90) * 100);
    expect(rows[3]!.isCritical).toBe(true);
    expect(rows.map(({ children, descendants }) => [children, descendants])).toEqual([
      [2, 5],
      [1, 3],
      [1, 2],
      [1, 1],
      [0, 0],
      [0, 0],
    ]);
  });
  test('a collapsed span hides all levels under it, no sibling', () => {
    const rows = waterfallRows(trace, new Set(['send', 'write']), new Set());
    expect(rows.map((row) => row.span.spanId)).toEqual(['post', 'send', 'audit']);
    expect(rows.map((row) => row.collapsed)).toEqual([false, true, false]);
    expect(parentsOf(chain)).toEqual(['post', 'send', 'receive', 'sink']);
  });
  test('odd clocks keep bars inside', () => {
    const odd = [span('early', 0, -5, 3), span('negative', 0, 5, -2), span('late', 0, 99.999, 50)];
    for (const row of waterfallRows({ durationMs: 100, spans: odd }, new Set(), new Set())) {
      expect(row.leftPercent).toBeGreaterThanOrEqual(0);
      expect(row.leftPercent + row.widthPercent).toBeLessThanOrEqual(100 + 1e-9);
      expect(row.widthPercent).toBeGreaterThan(0);
    }
    expect(extentOf({ durationMs: 100, spans: odd })).toBeCloseTo(149.999);
    expect(extentOf({ durationMs: 0, spans: [] })).toBeGreaterThan(0);
  });
  test('ticks are round, few, from 0 to within the extent', () => {
    expect(axisTicks(90)).toEqual([0, 20, 40, 60, 80]);
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1e9, noNaN: true }), (extent) => {
        const ticks = axisTicks(extent);
        expect(ticks.length).toBeGreaterThanOrEqual(3);
        expect(ticks.length).toBeLessThanOrEqual(9);
        expect(ticks[0]).toBe(0);
        expect(ticks.at(-1)!).toBeLessThanOrEqual(extent * (1 + 1e-9));
      }),
    );
  });
});

describe('critical path', () => {
  test('follows what was waited for, beyond the answer to the caller', () => {
    const path = criticalPath(chain);
    expect(path.segments).toEqual([
      { spanId: 'post', fromMs: 0, toMs: 2 },
      { spanId: 'send', fromMs: 2, toMs: 5 },
      { spanId: 'receive', fromMs: 5, toMs: 40 },
      { spanId: 'sink', fromMs: 40, toMs: 60 },
      { spanId: 'write', fromMs: 60, toMs: 90 },
    ]);
    expect(path.selfMs.get('receive')).toBe(35);
  });
  test('what ran beside is not on it', () => {
    const path = criticalPath([span('a', 0, 0, 100), span('short', 1, 10, 20), span('long', 1, 10, 80)]);
    expect([...path.spanIds]).toEqual(['a', 'long']);
    expect(path.selfMs.get('a')).toBe(20);
  });
  test('one after the other are both on it', () => {
    const path = criticalPath([span('a', 0, 0, 100), span('first', 1, 10, 20), span('second', 1, 40, 50)]);
    expect([...path.spanIds]).toEqual(['a', 'first', 'second']);
  });
  test('for any tree: in order, without overlap, inside its span, to the very end', () => {
    const node = fc.record({ up: fc.nat(3), offset: fc.nat(100), duration: fc.nat(100) });
    fc.assert(
      fc.property(fc.array(node, { minLength: 1, maxLength: 30 }), (nodes) => {
        let depth = -1;
        const spans = nodes.map(({ up, offset, duration }, index) => {
          depth = Math.max(0, depth + 1 - up);
          return span(`${index}`, index === 0 ? 0 : depth, offset, duration);
        });
        const { segments } = criticalPath(spans);
        let atMs = 0;
        for (const { spanId, fromMs, toMs } of segments) {
          const own = spans[Number(spanId)]!;
          expect(fromMs).toBeGreaterThanOrEqual(atMs);
          expect(toMs).toBeGreaterThan(fromMs);
          expect(fromMs).toBeGreaterThanOrEqual(own.offsetMs);
          expect(toMs).toBeLessThanOrEqual(own.offsetMs + own.durationMs);
          atMs = toMs;
        }
        const endMs = Math.max(
          ...spans.filter((each) => each.durationMs > 0).map((each) => each.offsetMs + each.durationMs),
          0,
        );
        if (spans.every((each) => each.durationMs > 0)) expect(atMs).toBe(endMs);
      }),
    );
  });
  test('a chain of 5000 spans does not exhaust the stack', () => {
    const deep = Array.from({ length: 5000 }, (_, depth) => span(`${depth}`, depth, depth, 1));
    expect(criticalPath(deep).spanIds.size).toBe(5000);
  });
});

describe('links of a span', () => {
  test('a record leads to its message, a write to its rows, a query to its job', () => {
    const kafka = {
      'messaging.system': 'kafka',
      'messaging.destination.name': 'flight-delays.flights',
      'messaging.destination.partition.id': '2',
      'messaging.kafka.offset': 1234,
    };
    expect(spanLinks({ attributes: kafka }, 'flight-delays')).toEqual([
      { page: 'topic', pipeline: 'flight-delays', topic: 'flights', partition: 2, offset: '1234' },
    ]);
    const write = { 'db.system.name': 'cassandra', 'db.collection.name': 'flights', 'millrace.event.id': 'e/1' };
    expect(spanLinks({ attributes: { ...write, 'millrace.pipeline': 'other' } }, 'flight-delays')).toEqual([
      { page: 'table', pipeline: 'other', table: 'flights', eventId: 'e/1' },
    ]);
    expect(spanLinks({ attributes: { 'millrace.job': 'severe-delays' } }, 'p')).toHaveLength(1);
  });
  test('hostile names lead nowhere', () => {
    const attributes = {
      'messaging.system': 'kafka',
      'messaging.destination.name': 'javascript:alert(1)',
      'db.system.name': 'cassandra',
      'db.collection.name': '../../api/pipelines',
      'millrace.job': { toString: 'x' },
    };
    expect(spanLinks({ attributes }, 'p')).toEqual([]);
    const odd = { ...attributes, 'messaging.destination.name': 't', 'messaging.destination.partition.id': '1e400' };
    expect(spanLinks({ attributes: odd }, 'p')).toEqual([
      { page: 'topic', pipeline: 'p', topic: 't', partition: null, offset: null },
    ]);
  });
});
