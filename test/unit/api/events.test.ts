/** The bus and its stream: what a reader gets, what it misses, and what a restart or a torn line does to that. */
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { platformEvent } from '../../../platform/api/contract/control.ts';
import { createEventBus } from '../../../platform/api/eventBus.ts';
import { linesPerFile } from '../../../platform/api/eventJournal.ts';
import { idsOf, listen, startWorld, type World } from './world.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-bus-'));
  ends.push(() => rmSync(path, { recursive: true, force: true }));
  return join(path, 'events');
}
async function world(...options: Parameters<typeof startWorld>): Promise<World> {
  const made = await startWorld(...options);
  ends.push(() => made.close());
  return made;
}
const news = (n: number) => ({ source: '/test', type: 'millrace.test', subject: 'a', data: { n } });
const numbers = (count: number, first = 1) => Array.from({ length: count }, (_, at) => `${first + at}`);

test('events are CloudEvents whose ids grow, across restarts, too', () => {
  const path = directory();
  const bus = createEventBus(path);
  expect(platformEvent.parse(bus.publish(news(1))).id).toBe('1');
  bus.publish(news(2));
  const again = createEventBus(path);
  expect(again.publish(news(3)).id).toBe('3');
  expect(again.since('1')).toMatchObject({ gap: false, events: [{ id: '2' }, { id: '3' }] });
});

test('a torn line is passed over, and does not spoil the next one', () => {
  const path = directory();
  createEventBus(path).publish(news(1));
  const [file] = readdirSync(path);
  appendFileSync(join(path, file!), '{"specversion":"1.0","id":"2","sou');
  const bus = createEventBus(path);
  expect(bus.publish(news(2)).id).toBe('2');
  expect(
    createEventBus(path)
      .since('0')
      .events.map(({ data }) => data.n),
  ).toEqual([1, 2]);
});

test('half a line that a full disk left does not spoil what is written when there is room again', () => {
  const path = directory();
  const bus = createEventBus(path);
  bus.publish(news(1));
  const file = join(path, readdirSync(path)[0]!);
  // In its place for a moment: it can't be written.
  renameSync(file, `${file}.kept`);
  mkdirSync(file);
  bus.publish(news(2));
  rmdirSync(file);
  renameSync(`${file}.kept`, file);
  appendFileSync(file, '{"specversion":"1.0","id":"2","sou');
  bus.publish(news(3));
  bus.publish(news(4));
  expect(bus.unwritten).toBe(1);
  const { events } = createEventBus(path).since('0');
  expect(events.map(({ data }) => data.n)).toEqual([1, 3, 4]);
});

test('a file that is not ours is passed over', () => {
  const path = directory();
  createEventBus(path).publish(news(1));
  writeFileSync(join(path, 'events-0000000000000000.ndjson'), 'nonsense\n{}\n[]\nnull\n{"id":"7"}\n');
  expect(createEventBus(path).publish(news(2)).id).toBe('2');
});

test('the journal stays bounded; what is gone is told as a gap', () => {
  const path = directory();
  const bus = createEventBus(path);
  const many = linesPerFile * 3 + 10;
  for (let n = 1; n <= many; n++) bus.publish(news(n));
  const lines = readdirSync(path).map((name) => readFileSync(join(path, name), 'utf8').split('\n').length - 1);
  expect(lines).toEqual([linesPerFile, 10]);
  const again = createEventBus(path);
  const { gap, events } = again.since('1');
  expect(gap).toBe(true);
  expect(events[0]?.id).toBe(`${linesPerFile * 2 + 1}`);
  expect(again.since(`${many - 5}`)).toMatchObject({ gap: false, events: { length: 5 } });
  expect(again.since(`${linesPerFile * 2}`).gap).toBe(false);
});

test('a disk that is full loses the journal, not the readers', () => {
  const path = directory();
  // In the place of the directory: nothing can be written there.
  writeFileSync(path, '');
  const bus = createEventBus(path);
  const heard: string[] = [];
  bus.subscribe({ event: ({ id }) => heard.push(id), live: () => {} });
  bus.publish(news(1));
  expect([heard, bus.unwritten]).toEqual([['1'], 1]);
});

test('a reader goes on where it was, and hears live messages without an id', async () => {
  const { base, bus, credentials } = await world();
  const authorization = `Bearer ${credentials.bearer()}`;
  for (let n = 1; n <= 3; n++) bus.publish(news(n));
  const resumed = listen(`${base}/events`, { authorization, 'last-event-id': '1' }, (heard) =>
    heard.some(({ event }) => event === 'seen'),
  );
  await untilOpen(base, authorization, bus);
  bus.publish(news(4));
  bus.live('seen', { pipeline: 'a' });
  const heard = await resumed;
  expect(idsOf(heard)).toEqual(['2', '3', '4']);
  expect(heard.at(-1)).toEqual({ event: 'seen', data: { pipeline: 'a' } });
});

test('a reader without an id begins with what comes next, and knows from where', async () => {
  const { base, bus, credentials } = await world();
  bus.publish(news(1));
  const authorization = `Bearer ${credentials.bearer()}`;
  const [first] = await listen(`${base}/events`, { authorization }, (heard) => heard.length > 0);
  expect(first).toEqual({ id: '1', event: 'ready', data: { newest: '1' } });
});

test.each(['9999', 'nonsense', '-1', '1e3'])('an id that was never given out (%s) is a gap', async (id) => {
  const { base, bus, credentials } = await world();
  for (let n = 1; n <= 2; n++) bus.publish(news(n));
  const headers = { authorization: `Bearer ${credentials.bearer()}`, 'last-event-id': id };
  const heard = await listen(`${base}/events`, headers, (all) => all.length >= 3);
  expect(heard[0]).toEqual({ event: 'gap', data: { from: id, oldest: '1', newest: '2' } });
  expect(idsOf(heard)).toEqual(['1', '2']);
});

test('a silent stream is kept open by comments', async () => {
  const { server, credentials } = await world({ streams: { heartbeatMs: 20 } });
  const socket = follower(server.port, credentials.bearer());
  const text = await new Promise<string>((resolve) => {
    let all = '';
    socket.on('data', (chunk) => {
      all += chunk;
      if ((all.match(/^: $/gm) ?? []).length >= 2) resolve(all);
    });
  });
  expect(text).toContain('content-type: text/event-stream');
});

test('one who does not read is cut off and counted; the others get everything', async () => {
  const { base, bus, server, credentials } = await world({ streams: { skipBytes: 10_000, endBytes: 100_000 } });
  const authorization = `Bearer ${credentials.bearer()}`;
  const socket = follower(server.port, credentials.bearer());
  socket.pause();
  const count = 400;
  const reader = listen(
    `${base}/events`,
    { authorization, 'last-event-id': '0' },
    (heard) => idsOf(heard).length >= count,
  );
  while (server.streams.counters.open < 2) await sleep(5);
  const text = 'x'.repeat(20_000);
  for (let n = 1; n <= count; n++) {
    bus.publish({ ...news(n), data: { n, text } });
    // The reader must get its turn: both are in this process.
    await sleep(1);
  }
  expect(idsOf(await reader)).toEqual(numbers(count));
  expect(server.streams.counters.slow).toBe(1);
});

test('only so many readers are let in', async () => {
  const { base, server, credentials } = await world({ streams: { mostStreams: 2 } });
  follower(server.port, credentials.bearer());
  follower(server.port, credentials.bearer());
  while (server.streams.counters.open < 2) await sleep(5);
  const response = await fetch(`${base}/events`, { headers: { authorization: `Bearer ${credentials.bearer()}` } });
  expect([response.status, ((await response.json()) as { error: { code: string } }).error.code]).toEqual([
    429,
    'API_STREAMS_FULL',
  ]);
});

test('older events are paged back through', async () => {
  const { base, bus, credentials } = await world();
  for (let n = 1; n <= 5; n++) bus.publish(news(n));
  const headers = { authorization: `Bearer ${credentials.bearer()}` };
  const page = async (query: string) =>
    ((await (await fetch(`${base}/api/events?${query}`, { headers })).json()) as { id: string }[]).map(({ id }) => id);
  expect(await page('limit=2')).toEqual(['5', '4']);
  expect(await page('limit=2&before=4')).toEqual(['3', '2']);
});

/** A connection that follows events, as bytes. */
function follower(port: number, token: string): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET /events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  socket.on('error', () => {});
  ends.push(() => socket.destroy());
  return socket;
}

/** Opens another stream, so that the one before it is surely open. */
async function untilOpen(base: string, authorization: string, bus: World['bus']): Promise<void> {
  await listen(`${base}/events`, { authorization }, (heard) => heard.length > 0);
  expect(bus.lastId()).toBe('3');
}
