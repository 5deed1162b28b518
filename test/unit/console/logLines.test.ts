import { describe, expect, test } from '@jest/globals';
import { append, emptyLog, filtered, levelOf } from '../../../platform/console/app/pages/logs/lines.ts';

const line = (text: string) => ({ atMs: null, task: 't', text });

describe('log lines', () => {
  test.each([
    ['[2026-11-24 20:15:01,123] ERROR [KafkaServer id=0] Fatal error (kafka.server)', 'error'],
    ['INFO  [main] 2026-11-24 20:15:01,123 StorageService.java:500 - JOINING', 'info'],
    ['26/11/24 20:15:01 WARN TaskSetManager: Lost task 0.0', 'warn'],
    ['{"level":50,"time":1,"msg":"x"}', 'error'],
    ['{"level":30,"msg":"no ERROR here"}', 'info'],
    ['{"level":"warn","msg":"x"}', 'warn'],
    ['time=2026 level=debug msg="x"', 'debug'],
    ['java.lang.IllegalStateException: boom', 'error'],
    ['Caused by: java.io.IOException', 'error'],
    ['plain words about an error', 'unknown'],
  ])('%s → %s', (text, level) => expect(levelOf(text)).toBe(level));

  test('colours are left out; markup and other escapes stay as text', () => {
    const { lines } = append(emptyLog, [line('\u001b[31mred\u001b[0m <script>x</script>\u001b]0;title\u0007')]);
    expect(lines[0]!.text).toBe('red <script>x</script>\u001b]0;title\u0007');
  });
  test('the oldest fall off, are counted, and numbers go on', () => {
    let buffer = append(emptyLog, ['a', 'b', 'c'].map(line), 3);
    buffer = append(buffer, ['d', 'e'].map(line), 3);
    expect(buffer.lines.map(({ number, text }) => [number, text])).toEqual([
      [3, 'c'],
      [4, 'd'],
      [5, 'e'],
    ]);
    expect(buffer.forgotten).toBe(2);
  });
  test('filter: all words, none of those with a dash, and the least level', () => {
    const { lines } = append(
      emptyLog,
      ['ERROR Kafka gone', 'INFO kafka back', 'WARN slow disk', '  at stack.frame'].map(line),
    );
    const shown = (text: string, level: 'error' | 'warn' | 'unknown' = 'unknown') =>
      filtered(lines, { text, level }).map((each) => each.text.trim());
    expect(shown('KAFKA')).toEqual(['ERROR Kafka gone', 'INFO kafka back']);
    expect(shown('kafka -gone')).toEqual(['INFO kafka back']);
    expect(shown('', 'warn')).toEqual(['ERROR Kafka gone', 'WARN slow disk', 'at stack.frame']);
    expect(shown('a.*b')).toEqual([]);
    expect(shown('  ')).toHaveLength(4);
  });
});
