/** The history on disk: bounded, read again after any end, corrupt files set aside by name. */
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type HistoryPoint,
  history as historyShape,
  pipelineState,
} from '../../../../platform/api/contract/pipelines.ts';
import { coarser } from '../../../../platform/observe/watch/coarser.ts';
import { type HistoryLevel, PipelineHistory } from '../../../../platform/observe/watch/history.ts';
import type { StoredPoint } from '../../../../platform/observe/watch/historyLines.ts';

const start = 1_795_538_300_000;
let directory: string;
let told: string[];
const open = (levels?: readonly HistoryLevel[]) =>
  new PipelineHistory({ directory, onFault: (text) => void told.push(text), ...(levels && { levels }) });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-history-'));
  told = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const latency = { p50Ms: 12, p99Ms: 180, count: 400 };
const point = (atMs: number, more: Partial<StoredPoint> = {}): StoredPoint => ({
  ...{
    atMs,
    state: 'flowing',
    ratePerSecond: 50.5,
    endToEnd: latency,
    lagSeconds: 0.4,
    reason: '50 events/s come in.',
  },
  ...{ sinceMs: start, ill: [] },
  stages: {
    ingress: {
      ratePerSecond: 50.5,
      edge: latency,
      endToEnd: null,
      lagRecords: null,
      lagSeconds: null,
      deadLettered: 0,
    },
    store: { ratePerSecond: 50, edge: latency, endToEnd: latency, lagRecords: 3, lagSeconds: 0.4, deadLettered: 1 },
  },
  ...more,
});
const api = ({ reason: _, sinceMs: __, ill: ___, ...told }: StoredPoint): HistoryPoint => told;
const wide = { fromMs: start, toMs: start + 3_600_000, points: 3600 };

describe('points', () => {
  test('come back as they were, in the shape of the API, after a new start too', () => {
    const ill = [{ id: 'flow:store', state: 'down', reason: 'mine.sinks.0 does not answer.' }] as const;
    const points = [point(start), point(start + 1000, { state: 'stalled', ill, endToEnd: null }), point(start + 2000)];
    const first = open();
    for (const each of points) first.append(first.levels[0]!, each);
    first.close();
    const again = open();
    again.append(again.levels[0]!, point(start + 3000, { stages: { other: point(0).stages.store! } }));
    const read = again.read(wide, start + 4000);
    expect(read.points.slice(0, 3)).toEqual(points.map(api));
    expect(Object.keys(read.points[3]!.stages)).toEqual(['other']);
    expect(historyShape.parse({ pipeline: 'mine', ...read })).toEqual({ pipeline: 'mine', ...read });
    expect(again.at(start + 1900, start + 4000)).toEqual(points[1]);
    expect(again.at(start + 60_000, start + 60_000)).toBeUndefined();
    expect(again.at(start - 1, start)).toBeUndefined();
    expect(again.last()?.atMs).toBe(start + 3000);
    again.close();
  });

  test('are thinned to so many as are asked for', () => {
    const kept = open();
    for (let at = 0; at < 600; at++) kept.append(kept.levels[0]!, point(start + at * 1000));
    const { stepMs, points } = kept.read({ fromMs: start, toMs: start + 600_000, points: 60 }, start + 600_000);
    expect([stepMs, points.length]).toEqual([10_000, 60]);
    expect(points[0]).toMatchObject({ ratePerSecond: 50.5, endToEnd: { p99Ms: 180, count: 4000 } });
    kept.close();
  });

  test('over many files each step is whole, however far back or however little is asked for', () => {
    const levels = [{ name: '1s', stepMs: 1000, keptMs: 800_000 }];
    const kept = open(levels);
    for (let at = 0; at < 800; at++) kept.append(levels[0]!, point(start + at * 1000));
    expect(readdirSync(directory)).toHaveLength(8);
    const [toMs, events] = [start + 800_000, 800 * 400];
    for (const fromMs of [start, 0, -1e15]) {
      const { stepMs, points } = kept.read({ fromMs, toMs: toMs + 1e15, points: 50 }, toMs);
      expect(points.length).toBeGreaterThan(40);
      expect(points.length).toBeLessThanOrEqual(51);
      expect(points.reduce((sum, { endToEnd }) => sum + endToEnd!.count, 0)).toBe(events);
      const steps = points.map(({ atMs }) => Math.floor((atMs - Math.max(fromMs, toMs - 900_000)) / stepMs));
      expect(new Set(steps).size).toBe(points.length);
    }
    const [one, ...more] = kept.read({ fromMs: start, toMs, points: 1 }, toMs).points;
    expect([more, one?.endToEnd?.count]).toEqual([[], events]);
    kept.close();
  });

  test('older than a level keeps are read of the next one', () => {
    const kept = open();
    for (const level of kept.levels) kept.append(level, point(start));
    expect(kept.read(wide, start + 3_600_000).stepMs).toBe(1000);
    expect(kept.read({ ...wide, points: 360 }, start + 7_200_000).stepMs).toBe(10_000);
    expect(kept.read({ ...wide, points: 60 }, start + 2 * 86_400_000).stepMs).toBe(60_000);
    kept.close();
  });
});

test('files and points stay bounded, however long it goes on and however often it starts', () => {
  const levels = [{ name: '1s', stepMs: 1000, keptMs: 80_000 }];
  for (let at = 0; at < 5000; at += 50) {
    const kept = open(levels);
    for (let each = at; each < at + 50; each++) kept.append(levels[0]!, point(start + each * 1000));
    kept.close();
  }
  const files = readdirSync(directory);
  expect(files.length).toBeLessThanOrEqual(64);
  const { points } = open(levels).read({ fromMs: 0, toMs: start + 5_000_000, points: 10 ** 12 }, start + 5_000_000);
  expect(points.length).toBeGreaterThanOrEqual(80);
  expect(points.length).toBeLessThanOrEqual(150);
  expect(told).toEqual([]);
});

describe('after an end at any moment', () => {
  test('all whole lines are read, and the torn one is passed over', () => {
    const kept = open();
    for (let at = 0; at < 4; at++) kept.append(kept.levels[0]!, point(start + at * 1000));
    kept.close();
    const file = join(directory, readdirSync(directory)[0]!);
    const whole = readFileSync(file);
    const ends = [...whole].flatMap((byte, at) => (byte === 0x0a ? [at] : []));
    fc.assert(
      fc.property(fc.nat(whole.length), (length) => {
        writeFileSync(file, whole);
        truncateSync(file, length);
        const { points } = open().read(wide, start + 4000);
        expect(points.length).toBe(Math.max(0, ends.filter((end) => end < length).length - 1));
        expect(told).toEqual([]);
      }),
    );
  });

  test('a new start writes on beside the torn line, not behind it', () => {
    const first = open();
    first.append(first.levels[0]!, point(start));
    first.close();
    appendFileSync(join(directory, readdirSync(directory)[0]!), '[17955');
    const again = open();
    again.append(again.levels[0]!, point(start + 1000));
    expect(again.read(wide, start + 2000).points.map(({ atMs }) => atMs)).toEqual([start, start + 1000]);
    again.close();
    expect(told).toEqual([]);
  });
});

const corrupt: Readonly<Record<string, string>> = {
  'is not JSON': 'x\n',
  'has no header': '[1]\n',
  'is of another format': '{"format":"millrace/history/9","stages":[]}\n',
  'has a point of another form': '{"format":"millrace/history/1","stages":[]}\n[1,2]\n',
  'names a state that there is not': '{"format":"millrace/history/1","stages":[]}\n[1,99,1,1,null,1,"",[],[]]\n',
};

test.each(Object.entries(corrupt))(
  'a file that %s is set aside and told by name, once; the others are read',
  (_, text) => {
    const kept = open();
    kept.append(kept.levels[0]!, point(start + 1000));
    const file = join(directory, `1s-${start}.ndjson`);
    writeFileSync(file, text);
    for (let at = 0; at < 2; at++)
      expect(kept.read(wide, start + 2000).points.map(({ atMs }) => atMs)).toEqual([start + 1000]);
    expect(told).toEqual([expect.stringContaining(`${file} is corrupt: line `)]);
    expect([existsSync(file), readFileSync(`${file}.corrupt`, 'utf8')]).toEqual([false, text]);
    kept.append(kept.levels[0]!, point(start + 3000));
    expect(kept.read(wide, start + 4000).points).toHaveLength(2);
    kept.close();
  },
);

test('a directory that can not be written does not throw, and is told once', () => {
  writeFileSync(join(directory, 'file'), '');
  const kept = new PipelineHistory({ directory: join(directory, 'file'), onFault: (text) => void told.push(text) });
  for (let at = 0; at < 3; at++) kept.append(kept.levels[0]!, point(start + at * 1000));
  expect(told).toEqual([expect.stringContaining('takes no points')]);
});

test('coarser points have the gravest state, the greatest lag and p99, and all events', () => {
  const points = fc.array(
    fc.record({
      state: fc.constantFrom(...pipelineState.options),
      lagSeconds: fc.option(fc.nat(100), { nil: null }),
      endToEnd: fc.option(fc.record({ p50Ms: fc.nat(50), p99Ms: fc.nat(900), count: fc.nat(100) }), { nil: null }),
    }),
    { minLength: 1, maxLength: 40 },
  );
  const greatest = (values: readonly (number | null | undefined)[]) =>
    Math.max(-1, ...values.map((value) => value ?? -1));
  fc.assert(
    fc.property(points, fc.integer({ min: 1, max: 50 }), (all, steps) => {
      const fine = all.map((more, at) => api(point(start + at * 1000, more)));
      const rough = coarser(fine, start, steps * 1000);
      expect(rough.length).toBe(Math.ceil(fine.length / steps));
      const counts = (each: readonly HistoryPoint[]) =>
        each.reduce((sum, { endToEnd }) => sum + (endToEnd?.count ?? 0), 0);
      expect(counts(rough)).toBe(counts(fine));
      expect(greatest(rough.map(({ lagSeconds }) => lagSeconds))).toBe(
        greatest(fine.map(({ lagSeconds }) => lagSeconds)),
      );
      expect(greatest(rough.map((each) => each.endToEnd?.p99Ms))).toBe(
        greatest(fine.map((each) => each.endToEnd?.p99Ms)),
      );
      if (fine.some(({ state }) => state === 'stalled'))
        expect(rough.some(({ state }) => ['stalled', 'failed'].includes(state))).toBe(true);
      expect(rough.map(({ atMs }) => atMs)).toEqual(rough.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
    }),
  );
});
