import { describe, expect, test } from '@jest/globals';
import type { PlatformEvent } from '../../../platform/api/contract/control.ts';
import { messageQuery, type TableInfo, type TopicInfo } from '../../../platform/api/contract/data.ts';
import { cpusUsed, nodeViews } from '../../../platform/console/app/pages/cluster/shares.ts';
import {
  compareIds,
  emptyFeed,
  matching,
  paused,
  received,
  typesOf,
} from '../../../platform/console/app/pages/events/feed.ts';
import { eventFilter, keyFault, keyFromUrl, keyQuery } from '../../../platform/console/app/pages/tables/rowFilter.ts';
import {
  messagesAsked,
  newest,
  positionFault,
  positionFromUrl,
  positionToUrl,
  turnPage,
} from '../../../platform/console/app/pages/topics/position.ts';

const topic: TopicInfo = {
  name: 'flights',
  topic: 'p.flights',
  partitions: [
    { partition: 0, startOffset: 10, endOffset: 100 },
    { partition: 1, startOffset: 0, endOffset: 0 },
  ],
  retentionMs: null,
  fields: [],
  isDeadLetter: false,
};

describe('position in a topic', () => {
  test('the URL holds it', () => {
    for (const query of [{}, { partition: '1', offset: '42' }, { time: '2026-11-24T20:15' }, { partition: '0' }])
      expect(positionToUrl(positionFromUrl(query))).toEqual(query);
  });
  test('the API takes it', () => {
    const at = positionFromUrl({ partition: '1', offset: '42' });
    expect(messageQuery.parse(messagesAsked(at, 20))).toEqual({ partition: 1, offset: 42, limit: 20 });
    expect(messagesAsked({ ...newest, mode: 'time', time: '1700000000000' }, 5)).toEqual({
      fromMs: 1_700_000_000_000,
      limit: 5,
    });
    expect(messagesAsked(newest, 5)).toEqual({ limit: 5 });
  });
  test('what is wrong is said', () => {
    expect(positionFault({ ...newest, partition: '2' }, topic)).toBe(
      'The partition must be a whole number from 0 to 1.',
    );
    expect(positionFault({ ...newest, mode: 'offset', offset: '5' }, topic)).toMatch('needs a partition');
    expect(positionFault({ ...newest, mode: 'offset', offset: '-5', partition: '0' }, topic)).toMatch('at least 0');
    expect(positionFault({ ...newest, mode: 'time', time: 'noon' }, topic)).toMatch('date');
    expect(positionFault({ ...newest, mode: 'offset', offset: '5', partition: '0' }, topic)).toBeUndefined();
  });
  test('pages stay within what the partition holds', () => {
    const shown = [20, 21, 22].map((offset) => ({ partition: 0, offset: `${offset}` }));
    expect(turnPage(topic, 0, shown, 50, 'older')).toBe(10);
    expect(turnPage(topic, 0, shown, 5, 'older')).toBe(15);
    expect(turnPage(topic, 0, shown, 5, 'newer')).toBe(23);
    expect(turnPage(topic, 0, [{ partition: 0, offset: '99' }], 5, 'newer')).toBeUndefined();
    expect(turnPage(topic, 0, [{ partition: 0, offset: '10' }], 5, 'older')).toBeUndefined();
    expect(turnPage(topic, 1, shown, 5, 'older')).toBeUndefined();
  });
});

describe('filter of rows', () => {
  const table = (...keys: string[]): TableInfo => ({
    name: 't',
    table: 't',
    columns: [
      ...keys.map((name) => ({ name, type: 'text', key: 'partition' as const })),
      { name: 'v', type: 'int', key: null },
    ],
    ttlSeconds: null,
  });
  test('the whole partition key, or nothing', () => {
    expect(keyFault(table('a', 'b'), { a: '1' })).toBe('Rows are found by the whole partition key: b is missing.');
    expect(keyFault(table('a', 'b'), { a: '1', b: '2' })).toBeUndefined();
    expect(keyFault(table('a'), {})).toBeUndefined();
    expect(keyQuery(table('a'), keyFromUrl({ 'key.a': 'x&y', 'key.v': '3', other: '1' }))).toEqual({
      'key.a': 'x&y',
    });
  });
  test("an event's rows, where the table is keyed by events", () => {
    expect(eventFilter(table('event_id'), 'e1')).toEqual({ event_id: 'e1' });
    expect(eventFilter(table('airport'), 'e1')).toBeUndefined();
  });
});

describe('events', () => {
  const event = (id: string, type = 'millrace.alert', subject = 's'): PlatformEvent => ({
    specversion: '1.0',
    id,
    source: '/',
    type,
    subject,
    time: '2026-11-24T20:00:00Z',
    data: { text: 'Slow' },
  });
  test('newest first, each once, ids by value', () => {
    const feed = received(received(emptyFeed, [event('9'), event('10')]), [event('10'), event('11')]);
    expect(feed.events.map(({ id }) => id)).toEqual(['11', '10', '9']);
    expect(compareIds('9', '10')).toBeLessThan(0);
  });
  test('paused: held back, then shown', () => {
    const held = received(paused(received(emptyFeed, [event('1')]), true), [event('2'), event('2')]);
    expect([held.events.length, held.held.length]).toEqual([1, 1]);
    expect(paused(held, false).events.map(({ id }) => id)).toEqual(['2', '1']);
  });
  test('filter by type, its beginning, and words', () => {
    const events = [event('1'), event('2', 'millrace.operation.step', 'deploy-1')];
    expect(matching(events, { type: 'millrace.operation', text: '' })).toHaveLength(1);
    expect(matching(events, { type: 'millrace.oper', text: '' })).toHaveLength(0);
    expect(matching(events, { type: '', text: 'DEPLOY' })).toHaveLength(1);
    expect(matching(events, { type: '', text: 'slow' })).toHaveLength(2);
    expect(typesOf(events)).toEqual(['millrace.alert', 'millrace.operation.step']);
  });
});

describe('cluster', () => {
  test('tasks by node and owner, frameworks first', () => {
    const task = (id: string, node: string, kind: string, name: string) => ({
      id,
      node,
      owner: { kind, name },
      phase: 'running' as const,
      reason: '',
      pid: 1,
      restarts: 0,
      asked: { cpus: 1, memoryMiB: 10 },
      used: null,
      ports: {},
    });
    const node = {
      id: 'n1',
      address: '127.0.0.1',
      cpus: 8,
      memoryMiB: 100,
      askedCpus: 2,
      askedMemoryMiB: 150,
      usedMemoryMiB: 30,
    };
    const tasks = [
      task('z', 'n1', 'pipeline', 'p'),
      task('b', 'n1', 'framework', 'kafka'),
      task('a', 'n1', 'framework', 'kafka'),
      task('x', 'n2', 'pipeline', 'p'),
    ];
    const [view] = nodeViews({ driver: 'process', nodes: [node], frameworks: [], tasks });
    expect(view!.owners.map(({ owner, tasks }) => [owner, tasks.map(({ id }) => id)])).toEqual([
      ['kafka', ['a', 'b']],
      ['p', ['z']],
    ]);
    expect(view!.shares[1]).toMatchObject({ asked: 150, used: 30, total: 100 });
  });
  test('processor use needs two looks at the same process', () => {
    expect(cpusUsed({ atMs: 0, cpuSeconds: 10 }, { atMs: 2000, cpuSeconds: 11 })).toBe(0.5);
    expect(cpusUsed(undefined, { atMs: 2000, cpuSeconds: 11 })).toBeNull();
    expect(cpusUsed({ atMs: 0, cpuSeconds: 10 }, { atMs: 2000, cpuSeconds: 1 })).toBeNull();
  });
});
