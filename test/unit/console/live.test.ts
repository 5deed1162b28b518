import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createSseParser } from '../../../platform/console/app/live/sse.ts';
import {
  emptyLive,
  keptEvents,
  keptRates,
  type LiveMessage,
  reduceLive,
} from '../../../platform/console/app/live/state.ts';
import { graphOf, summaries } from '../../fixtures/console/world.ts';

describe('a stream of server-sent events', () => {
  const stream = [
    ': hello\n\n',
    'retry: 2000\n\n',
    'id: 7\ndata: {"a":1}\n\n',
    'event: seen\r\ndata: x\r\ndata: y\r\n\r\n',
    'id: 9\rdata:z\r\r',
  ];
  const messages = [
    { event: 'message', data: '{"a":1}' },
    { event: 'seen', data: 'x\ny' },
    { event: 'message', data: 'z' },
  ];

  it('is the same however it is cut', () => {
    const text = `${stream.join('')}: end\n`;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 12 }), (cuts) => {
        const parser = createSseParser();
        const places = [0, ...[...cuts].sort((one, other) => one - other), text.length];
        const found = places.slice(1).flatMap((end, at) => parser.push(text.slice(places[at], end)));
        expect(found).toEqual(messages);
        expect(parser.lastEventId).toBe('9');
      }),
    );
  });

  it('keeps the id with which it is resumed, and sends nothing that has not ended', () => {
    const parser = createSseParser('41');
    expect(parser.push('data: half')).toEqual([]);
    expect(parser.lastEventId).toBe('41');
    expect(parser.push(' and half\n\n')).toEqual([{ event: 'message', data: 'half and half' }]);
  });
});

describe('the live state', () => {
  const apply = (...messages: LiveMessage[]) => messages.reduce(reduceLive, emptyLive);
  const [summary] = summaries;
  const seen: LiveMessage = { kind: 'seen', summary: summary!, graph: graphOf(summary!), nowMs: 5 };
  const event = (id: string): LiveMessage => ({
    kind: 'event',
    nowMs: 6,
    event: { specversion: '1.0', id, source: '/', type: 't', subject: 's', time: '', data: {} },
  });

  it('takes what a message tells of a pipeline, and the time of it', () => {
    const state = apply(seen);
    expect(state.summaries.get('flight-delays')).toBe(summary);
    expect(state.graphs.get('flight-delays')?.nodes).toHaveLength(19);
    expect(state.heardMs).toBe(5);
  });

  it('forgets a pipeline that the list no longer has, with its graph', () => {
    const state = apply(seen, { kind: 'list', summaries: summaries.slice(1) });
    expect(state.listed).toBe(true);
    expect([...state.summaries.keys()]).toEqual(['orders-eu', 'night-batch', 'old-demo']);
    expect(state.graphs.size).toBe(0);
  });

  it('keeps the way of a rate, no longer than so much of it', () => {
    const told = (ratePerSecond: number | null): LiveMessage => ({
      kind: 'seen',
      summary: { ...summary!, ratePerSecond },
      graph: graphOf(summary!),
      nowMs: 5,
    });
    const state = apply(...Array.from({ length: keptRates + 3 }, (_, at) => told(at)), told(null));
    expect(state.rates.get('flight-delays')).toHaveLength(keptRates);
    expect(state.rates.get('flight-delays')?.slice(-2)).toEqual([keptRates + 2, null]);
  });

  it('keeps an event once, and no more than so many', () => {
    expect(apply(event('1'), event('1'), event('2')).events.map(({ id }) => id)).toEqual(['1', '2']);
    const many = apply(...Array.from({ length: keptEvents + 5 }, (_, at) => event(String(at))));
    expect(many.events).toHaveLength(keptEvents);
    expect(many.events[0]?.id).toBe('5');
  });

  it('stays as old as the last message while the connection is lost', () => {
    const state = apply(seen, { kind: 'connection', connection: 'lost', nowMs: 99 });
    expect([state.connection, state.heardMs]).toEqual(['lost', 5]);
    expect(reduceLive(state, { kind: 'connection', connection: 'open', nowMs: 120 }).heardMs).toBe(120);
  });
});
