/** The query API of a flight-delays pipeline, asked until it answers with what is wanted. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';

const boardEntry = {
  airport: expect.any(String),
  mean_delay_minutes: expect.any(Number),
  window: expect.objectContaining({ airport: expect.any(String), flights: expect.any(Number) }),
};

/** Sends one flight that is severely late, and finds it, or what it is counted in, behind every path: so it went through every part. */
export async function eventReachesEveryPath(endpoints: Readonly<Record<string, string>>, id: string): Promise<void> {
  const { ingress, api } = endpoints;
  const event = {
    ...{ specversion: '1.0', id, source: '/test', type: 'flight.recorded' },
    data: { date: '2001/01/14 21:55', delay_minutes: 95, distance_miles: 480, origin: 'ATL', destination: 'SFO' },
  };
  const sent = await fetch(`${ingress}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify(event),
  });
  expect(sent.status).toBe(202);
  const flight = await untilAnswered(`${api}/flights/${id}`, ({ severe }) => severe !== null);
  const seen = { event_id: id, origin: 'ATL', delay_minutes: 95 };
  expect(flight).toMatchObject({ flight: seen, severe: seen });
  const { alerts } = await untilAnswered(`${api}/alerts?limit=500`, holding('alerts', { event_id: id }));
  expect(alerts).toContainEqual(expect.objectContaining(seen));
  const { windows } = await untilAnswered(`${api}/airports/ATL/windows`, holding('windows', { airport: 'ATL' }));
  expect(windows).toContainEqual(expect.objectContaining({ severe: expect.any(Number), flights: expect.any(Number) }));
  const { airports } = await untilAnswered(`${api}/board?limit=1000`, holding('airports', {}));
  expect(airports).toContainEqual(boardEntry);
  expect(await firstEventOf(`${api}/board/events`)).toEqual(boardEntry);
}

type Answer = Record<string, unknown>;

/** What the API answers once it answers with what is wanted. */
export async function untilAnswered(url: string, wanted: (answer: Answer) => boolean): Promise<Answer> {
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    const answer = response?.ok ? ((await response.json()) as Answer) : undefined;
    if (answer && wanted(answer)) return answer;
    await sleep(100);
  }
}

/** Whether the list of that name has an entry with these fields. */
function holding(name: string, fields: Answer): (answer: Answer) => boolean {
  const fits = (entry: Answer) => Object.entries(fields).every(([field, value]) => entry[field] === value);
  return (answer) => (answer[name] as Answer[]).some(fits);
}

/** The data of the first Server-Sent Event. */
async function firstEventOf(url: string): Promise<unknown> {
  const response = await fetch(url);
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const data = /^data: ?(.*)\n/m.exec(text)?.[1];
    if (data !== undefined) return JSON.parse(data);
  }
  throw new Error(`the stream ended without an event: ${text}`);
}
