import { expect, test } from '@jest/globals';
import { type Attributes, encodeAttributes, encodeSpan, type SpanData } from '../../../platform/telemetry/span.ts';

const ids = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
const span = (attributes: Attributes, more: Partial<SpanData> = {}): SpanData => ({
  ...{ ...ids, name: 'a "name"\n', kind: 'client', startMs: 1_795_538_300_000.25, endMs: 1_795_538_300_001 },
  attributes,
  ...more,
});

test('a span as text is the JSON of its fields, whatever the span before had under the same names', () => {
  const values = ['1', 1, '1', true, 'a "quote" \\ \u2028', 0.5, 0, -0, Number.NaN, ['x', '"'], ['x'], undefined, 'é'];
  for (const value of values) {
    const attributes = { key: value, 'an "odd" key': 'same', last: value };
    expect(JSON.parse(encodeSpan(span(attributes)))).toEqual({
      ...{ ...ids, flags: 1, name: 'a "name"\n', kind: 3 },
      ...{ startTimeUnixNano: '1795538300000250000', endTimeUnixNano: '1795538300001000000' },
      attributes: JSON.parse(JSON.stringify(encodeAttributes(attributes))),
    });
  }
});

test('parent, links and error are there where the span has them', () => {
  const more = { parentSpanId: 'c'.repeat(16), links: [ids], error: 'broke: "x"' };
  expect(JSON.parse(encodeSpan(span({}, more)))).toMatchObject({
    ...{ parentSpanId: more.parentSpanId, links: [ids], attributes: [] },
    status: { code: 2, message: 'broke: "x"' },
  });
  expect(JSON.parse(encodeSpan(span({}, { links: [] })))).not.toHaveProperty('links');
});

test('a list that was changed is encoded anew', () => {
  const list = ['one'];
  encodeSpan(span({ list }));
  list.push('two');
  expect(encodeSpan(span({ list }))).toContain('two');
});

test('more names than it remembers are encoded none the less', () => {
  for (let i = 0; i < 600; i++) expect(encodeSpan(span({ [`name-${i}`]: i }))).toContain(`"name-${i}"`);
});
