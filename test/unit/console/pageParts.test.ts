import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { deadLetterHeaders } from '../../../platform/connectors/kafka/deadLetter.ts';
import { afterTail, linesOf } from '../../../platform/console/app/pages/logs/follow.ts';
import { originHeaders, originOf, traceIdOf } from '../../../platform/console/app/pages/topics/origin.ts';

describe('origin of a dead letter', () => {
  test('the headers are those that flows write', () => {
    const { cutFrom: _, ...written } = deadLetterHeaders;
    expect(originHeaders).toEqual(written);
  });
  test('leads to the record that it was, where the headers are plain', () => {
    const headers = {
      'millrace-reason': 'does-not-fit',
      'millrace-flow': 'spark:windows',
      'millrace-origin-topic': 'p.flights',
      'millrace-origin-partition': '3',
      'millrace-origin-offset': '1e3',
    };
    expect(originOf(headers, 'p')).toEqual({
      reason: 'does-not-fit',
      detail: '',
      flow: 'windows',
      topic: 'flights',
      partition: '3',
      offset: null,
    });
    expect(originOf({}, 'p')).toBeUndefined();
  });
  test('a trace id comes only out of a traceparent', () => {
    const id = '0af7651916cd43dd8448eb211c80319c';
    expect(traceIdOf(`00-${id}-b7ad6b7169203331-01`)).toBe(id);
    for (const other of [undefined, '', id, 'javascript:x', `00-${id}-b7ad6b7169203331-01x`])
      expect(traceIdOf(other)).toBeNull();
  });
});

describe('a log that is followed', () => {
  const line = (text: string) => ({ atMs: null, task: 't', text });
  test('tail and stream together hold each line once, wherever the stream begins', () => {
    const lines = fc
      .array(fc.string(), { maxLength: 20 })
      .map((texts) => texts.map((text, at) => line(`${at} ${text}`)));
    fc.assert(
      fc.property(lines, fc.nat(20), fc.nat(20), (all, cut, begin) => {
        const end = Math.min(cut, all.length);
        const tail = all.slice(0, end);
        const streamed = all.slice(Math.min(begin, end));
        expect([...tail, ...afterTail(tail, streamed)]).toEqual(all);
      }),
    );
  });
  test('what is no line is passed over', () => {
    expect(linesOf('{"text":"a","task":"t","atMs":null}')).toHaveLength(1);
    expect(linesOf('[{"text":"a"},{"other":1},null]')).toHaveLength(1);
    for (const data of ['', 'null', '3', '"text"', '{"text":1}', '{']) expect(linesOf(data)).toEqual([]);
  });
});
