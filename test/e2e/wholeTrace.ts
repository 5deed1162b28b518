/** The trace of one event as the command line tells it, held against every span that was written of that event. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { homeAt } from '../../platform/home.ts';
import { attribute } from '../../platform/telemetry/attributes.ts';
import { listSpanFiles } from '../../platform/telemetry/spanFiles.ts';
import { parseSpanLine, readLines, type StoredSpan } from '../../platform/telemetry/spanLines.ts';
import type { Trace } from '../../platform/telemetry/traceStore.ts';
import type { TestHome } from './cli.ts';

/** The way of a severe delay that was asked for at the API. */
const stages = [
  ...['POST /events', 'kafka send flight-delays.flights', 'spark severe-delays'],
  ...['sink store-flights', 'cassandra write flights', 'sink store-severe', 'cassandra write severe_delays'],
  ...['GET /verify/events/:eventId', 'cassandra read flights'],
];

/** One trace, from the ingress to the read at the API, in which everybody's parent is there but the first one's. */
export async function expectWholeTrace(home: TestHome, pipeline: string, eventId: string): Promise<void> {
  const trace = await untilAllStages(home, pipeline, eventId);
  const ids = new Set(trace.spans.map(({ spanId }) => spanId));
  expect(ids.size).toBe(trace.spans.length);
  const orphans = trace.spans.filter(({ parentSpanId }) => parentSpanId === null || !ids.has(parentSpanId));
  // Its parent is with `verify`, which sent a context and writes no span.
  expect(orphans.map(({ name }) => name)).toEqual(['POST /events']);

  const written = await spansOf(home, eventId);
  expect(new Set(written.map(({ traceId }) => traceId))).toEqual(new Set([trace.traceId]));
  for (const name of ['POST /events', 'sink store-severe', 'GET /verify/events/:eventId'])
    expect(written.map((span) => span.name)).toContain(name);
}

/** Spans are written within a second of what they tell. */
async function untilAllStages(home: TestHome, pipeline: string, eventId: string): Promise<Trace> {
  for (;;) {
    const trace = await home.json<Trace>('trace', pipeline, '--id', eventId);
    const names = new Set(trace.spans.map(({ name }) => name));
    if (stages.every((stage) => names.has(stage))) return trace;
    await sleep(500);
  }
}

/** Whatever trace they say that they belong to. */
async function spansOf(home: TestHome, eventId: string): Promise<readonly StoredSpan[]> {
  const spans: StoredSpan[] = [];
  for (const { path } of await listSpanFiles(homeAt(home.path).spansDir)) {
    for await (const line of readLines(path)) if (line.includes(eventId)) spans.push(...parseSpanLine(line));
  }
  return spans.filter(({ attributes }) => attributes[attribute.eventId] === eventId);
}
