/** What is told of a fetch that takes long: to a file or a log, and to a terminal. */
import { expect, test } from '@jest/globals';
import type { FetchEvent } from '../../../platform/artifacts/progress.ts';
import { fetchProgress } from '../../../platform/cli/fetchProgress.ts';

const mib = 1 << 20;
const event = (artifact: string, state: FetchEvent['state'], bytes = 0, totalBytes = 400 * mib): FetchEvent => ({
  ...{ artifact, version: '1', state, bytes, totalBytes, seconds: 1, detail: '' },
});

/** All that came to the screen: lines end, what a terminal rewrites does not. */
function tell(terminal: { readonly isTTY: boolean; readonly columns?: number }, json = false) {
  const written: string[] = [];
  let nowMs = 1_000_000;
  const screen = { ...terminal, write: (text: string) => written.push(text) };
  const pass = (ms: number) => {
    nowMs += ms;
  };
  const show = fetchProgress({ json, progress: (line) => written.push(`${line}\n`) }, screen, () => nowMs);
  return { written, show, pass };
}

/** A download that tells its growth once a second, as `watchGrowth` does. */
function download({ show, pass }: ReturnType<typeof tell>, seconds: number): void {
  for (let second = 0; second <= seconds; second++) {
    show(event('spark', 'fetching', second * mib));
    pass(1000);
  }
}

test('without a terminal a line comes every few seconds, with how much of what', () => {
  const told = tell({ isTTY: false });
  download(told, 10);
  expect(told.written.map((line) => /(\d+ of \d+ MiB)/.exec(line)?.[1])).toEqual(
    ['0', '3', '6', '9'].map((count) => `${count} of 400 MiB`),
  );
  expect(told.written.join('')).not.toContain('\r');
  told.show(event('spark', 'finished', 480 * mib, 480 * mib));
  expect(told.written.at(-1)).toMatch(/spark 1 +finished +480 MiB/);
});

test('what is there already is not told, and nothing but growth is told twice', () => {
  const told = tell({ isTTY: false });
  for (const state of ['kept', 'waiting', 'waiting', 'checking', 'checking'] as const) {
    told.show(event('kafka', state));
    told.pass(60_000);
  }
  expect(told.written.map((line) => line.trim().split(/\s+/)[2])).toEqual(['waiting', 'checking']);
});

test('a terminal has one line that is rewritten, of all that come at once, and that is gone at the end', () => {
  const told = tell({ isTTY: true, columns: 80 });
  download(told, 5);
  told.show(event('kafka', 'fetching', 7 * mib, 44 * mib));
  const ended = told.written.filter((text) => text.endsWith('\n'));
  expect(ended.map((line) => line.trim().split(/\s+/)[0])).toEqual(['spark', 'kafka']);
  expect(told.written.at(-1)).toBe('\r\u001b[2K  spark 5 of 400 MiB, kafka 7 of 44 MiB');
  told.show(event('kafka', 'finished'));
  expect(told.written.at(-1)).toBe('\r\u001b[2K  spark 5 of 400 MiB');
  told.show(event('spark', 'failed'));
  expect(told.written.at(-1)).toBe('\r\u001b[2K');
});

test('the rewritten line never wraps: a terminal could not take it back', () => {
  const told = tell({ isTTY: true, columns: 30 });
  for (const name of ['spark', 'kafka', 'cassandra', 'valkey']) told.show(event(name, 'fetching', mib));
  const [, line = ''] = told.written.at(-1)!.split('\u001b[2K');
  expect(line.length).toBeLessThan(30);
  expect(line).toContain('spark 1 of 400 MiB');
});

test('with JSON a terminal gets plain lines, too', () => {
  const told = tell({ isTTY: true, columns: 80 }, true);
  download(told, 4);
  expect(told.written.join('')).not.toContain('\u001b');
  expect(told.written).toHaveLength(2);
});
