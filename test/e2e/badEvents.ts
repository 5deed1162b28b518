/** Events that an ingress with real servers must refuse, and what must be true of its pipeline afterwards. */

import { pipelineAccess } from '../../platform/activities/access.ts';
import { homeAt } from '../../platform/home.ts';
import { createRecords } from '../../platform/records/records.ts';
import { createSecrets } from '../../platform/secrets/secrets.ts';
import { readTopic } from '../conformance/connectors/readTopic.ts';

const types = { event: 'application/cloudevents+json', batch: 'application/cloudevents-batch+json' } as const;

export interface Sending {
  readonly type: keyof typeof types;
  readonly body: string;
  /** Of all events in it, the good ones, too. */
  readonly ids: readonly string[];
}

export interface Refused extends Sending {
  readonly status: number;
  readonly code: string;
  /** JSON Pointer to the fault. */
  readonly path?: string;
}

type Data = Readonly<Record<string, unknown>>;
const good = {
  ...{ date: '2001/01/14 21:55', delay_minutes: 95, distance_miles: 480, origin: 'ATL', destination: 'SFO' },
};
const event = (id: string, data: Data = good) => ({
  ...{ specversion: '1.0', id, source: '/test', type: 'flight.recorded' },
  data,
});
const one = (id: string, data?: Data): Sending => ({ type: 'event', body: JSON.stringify(event(id, data)), ids: [id] });

/** `bad`: data of the third of them. */
export function batchOf(name: string, count: number, bad: Data = good): Sending {
  const ids = Array.from({ length: count }, (_, at) => `${name}-${at}`);
  const events = ids.map((id, at) => event(id, at === 2 ? bad : good));
  return { type: 'batch', body: JSON.stringify(events), ids };
}

const wrong = { ...good, delay_minutes: 'late' };
/** Beyond the 16,384 bytes that the blueprint takes. */
const large = { ...good, date: 'x'.repeat(20_000) };

export const refusals: Readonly<Record<string, Refused>> = {
  'what is no JSON': {
    ...{ type: 'event', body: '{"specversion":"1.0","id":"bad-json"', ids: ['bad-json'] },
    ...{ status: 400, code: 'EVENT_BAD_JSON' },
  },
  'an event that does not fit the schema': {
    ...one('bad-data', wrong),
    ...{ status: 400, code: 'EVENT_INVALID', path: '/data/delay_minutes' },
  },
  'a batch with one such event, as a whole': {
    ...batchOf('bad-batch', 5, wrong),
    ...{ status: 400, code: 'EVENT_INVALID', path: '/2/data/delay_minutes' },
  },
  'an event that is too large': { ...one('large', large), status: 413, code: 'EVENT_TOO_LARGE' },
  'a batch with one such event, too': {
    ...batchOf('large-batch', 5, large),
    ...{ status: 413, code: 'EVENT_TOO_LARGE', path: '/2' },
  },
};

export const tooFast: Refused = { ...one('too-fast'), status: 429, code: 'EVENTS_TOO_FAST' };

export interface Answered {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly code: string | undefined;
  readonly path: unknown;
}

export async function post(ingress: string, { type, body }: Sending): Promise<Answered> {
  const response = await fetch(`${ingress}/events`, {
    ...{ method: 'POST', headers: { 'content-type': types[type] }, body },
  });
  const answer = (await response.json()) as { code?: string; details?: { path?: unknown } };
  const retryAfter = response.headers.get('retry-after');
  return { status: response.status, retryAfter, code: answer.code, path: answer.details?.path };
}

/** Ids of all events in the topic and in its topic of dead letters. */
export async function idsInTopic(home: string, pipeline: string, topic: string): Promise<ReadonlySet<string>> {
  const at = homeAt(home);
  const deps = { records: createRecords(at), secrets: createSecrets(at.secretsDir) };
  const { kafka } = await pipelineAccess(deps, pipeline, ['kafka']);
  const topics = [`${pipeline}.${topic}`, `${pipeline}.${topic}.dead`];
  const records = await Promise.all(topics.map((name) => readTopic(kafka!, name)));
  return new Set(records.flat().map(({ headers }) => String(headers?.ce_id)));
}

/** Those that the query API knows. */
export async function stored(api: string, ids: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const id of ids) {
    const { status } = await fetch(`${api}/flights/${id}`);
    if (status === 200) found.push(id);
    else if (status !== 404) throw new Error(`${api}/flights/${id} answered ${status}`);
  }
  return found;
}
