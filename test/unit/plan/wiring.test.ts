import { expect, test } from '@jest/globals';
import type { BlueprintInput } from '../../../platform/model/blueprint.ts';
import type { Reason } from '../../../platform/model/cluster.ts';
import { planPipeline } from '../../../platform/plan/plan.ts';
import { changed, inputOf, planned } from './world.ts';

test('the good blueprint has a plan', () => {
  expect(planned(inputOf()).revision).toBe(1);
});

/** What is wrong → the fault that must be named, with its path. */
const faults: Record<string, [BlueprintInput, RegExp]> = {
  'topic key is no field': [
    changed((s) => {
      s.topics.late.key = 'airprt';
    }),
    /^topics\.late\.key: "airprt" is no field of late; did you mean "airport"\?/,
  ],
  'real-time job with a watermark': [
    changed((s) => {
      Object.assign(s.jobs.late.input, { watermarkMs: 1000 });
    }),
    /^jobs\.late\.input: a realtime job keeps no state/,
  ],
  'deduplication without a watermark': [
    changed((s) => {
      Object.assign(s.jobs.late, { mode: 'micro-batch', input: { topic: 'flights', deduplicate: true } });
    }),
    /^jobs\.late\.input\.deduplicate: needs a watermark/,
  ],
  'objective about no stage': [
    changed((s) => {
      Object.assign(s, { objectives: { fresh: { kind: 'freshness', stage: 'bord', withinSeconds: 5 } } });
    }),
    /^objectives\.fresh\.stage: there is no stage "bord"; did you mean "board"\?/,
  ],
  'objective about a feed, where nothing is measured': [
    changed((s) => {
      Object.assign(s, { objectives: { fresh: { kind: 'freshness', stage: 'feed', withinSeconds: 5 } } });
    }),
    /^objectives\.fresh\.stage: there is no stage "feed"/,
  ],
  'objective without an error budget': [
    changed((s) => {
      Object.assign(s, { objectives: { complete: { kind: 'completeness', target: 1 } } });
    }),
    /^objectives\.complete\.target: is 1; it must be from 0\.5 to 0\.999999/,
  ],
  'objective over minutes': [
    changed((s) => {
      Object.assign(s, { objectives: { complete: { kind: 'completeness', windowHours: 1 } } });
    }),
    /^objectives\.complete\.windowHours: is 1; it must be from 12/,
  ],
  'objective of no time': [
    changed((s) => {
      Object.assign(s, { objectives: { fresh: { kind: 'freshness', withinSeconds: 0 } } });
    }),
    /^objectives\.fresh\.withinSeconds: is 0/,
  ],
  'flow reads no topic': [
    changed((s) => {
      s.flows.store.from.topic = 'lat';
    }),
    /^flows\.store\.from\.topic: there is no topic "lat"/,
  ],
  'flow writes no table': [
    changed((s) => {
      s.flows.store.to.table = 'lates';
    }),
    /^flows\.store\.to\.table: there is no table "lates"; did you mean "late"\?/,
  ],
  'column is of another type': [
    changed((s) => {
      s.tables.late.columns.delay.type = 'string' as 'int';
    }),
    /^tables\.late\.columns\.delay: field "delay" is int; here it must be string/,
  ],
  'field has no column': [
    changed((s) => {
      delete (s.tables.late.columns as { delay?: unknown }).delay;
    }),
    /field "delay" of late has no column/,
  ],
  'key is no column': [
    changed((s) => {
      s.tables.late.partitionKey = ['id'];
    }),
    /^tables\.late\.partitionKey: there is no column "id"/,
  ],
  'member is no field': [
    changed((s) => {
      s.flows.board.to.member = 'city';
    }),
    /^flows\.board\.to\.member: "city" is no field/,
  ],
  'score is text': [
    changed((s) => {
      s.flows.board.to.score = 'airport';
    }),
    /^flows\.board\.to\.score: field "airport" is string/,
  ],
  'feed reads no dataset': [
    changed((s) => {
      s.flows.feed.from.dataset = 'trains';
    }),
    /^flows\.feed\.from\.dataset: there is no dataset/,
  ],
  'feed sends to a module': [
    changed((s) => {
      s.flows.feed.to.service = 'api';
    }),
    /^flows\.feed\.to\.service: service "api" is no ingress/,
  ],
  'dataset field of another type': [
    changed((s) => {
      s.datasets.flights.fields.delay.type = 'long' as 'int';
    }),
    /^datasets\.flights\.fields\.delay: is long/,
  ],
  'feed shares a group with sinks': [
    changed((s) => {
      s.flows.feed.group = 'sinks';
    }),
    /group sinks.*of their own/,
  ],
  'job writes no topic': [
    changed((s) => {
      s.jobs.late.output.topic = 'none';
    }),
    /^jobs\.late\.output\.topic: there is no topic/,
  ],
  'ingress writes no topic': [
    changed((s) => {
      s.services.ingress.runs.topic = 'none';
    }),
    /^services\.ingress\.runs\.topic: there is no topic/,
  ],
  'verification lacks a field': [
    changed((s) => {
      delete (s.verify.event as { delay?: number }).delay;
    }),
    /^verify\.event\.delay: is missing/,
  ],
  'verification reads no service': [
    changed((s) => {
      s.verify.apiService = 'apis';
    }),
    /^verify\.apiService: there is no service "apis"/,
  ],
};

test.each(Object.entries(faults))('refused: %s', (_, [blueprint, fault]) => {
  const outcome = planPipeline(inputOf(blueprint));
  expect('refused' in outcome && leaves(outcome.reason)).toContainEqual(expect.stringMatching(fault));
});

const queries: Record<string, [string, RegExp]> = {
  'a field is not selected': ['SELECT airport FROM flights', /late\.sql selects no "delay"/],
  'a column is too many': ['SELECT airport, delay, 1 AS extra FROM flights', /selects "extra", no field of late/],
  'an expression has no name': ['SELECT airport, delay + 1 FROM flights', /give "delay \+ 1" a name/],
  'a star': ['SELECT * FROM flights', /give "\*" a name/],
  'its topic read twice': [
    'SELECT f.airport, f.delay FROM flights f JOIN `Flights` AS g ON f.airport = g.airport',
    /late\.sql reads its topic 2 times; a job reads it once/,
  ],
  'its topic read twice, once within a function': [
    'SELECT trim((SELECT max(airport) FROM flights)) AS airport, delay FROM flights',
    /late\.sql reads its topic 2 times/,
  ],
  'its topic read twice, with another table defined': [
    'WITH late AS (SELECT DISTINCT airport FROM flights) SELECT airport, delay FROM flights JOIN late USING (airport)',
    /late\.sql reads its topic 2 times/,
  ],
  'an id of its own in real time': [
    "SELECT airport, delay, concat('late-', _event_id) AS _event_id FROM flights",
    /late\.sql makes an _event_id of its own; a realtime job/,
  ],
  'an unknown parameter': ['SELECT airport, delay FROM flights WHERE delay > ${most}', /no parameter "most"/],
};

test.each(Object.entries(queries))('SQL refused: %s', (_, [sql, fault]) => {
  const outcome = planPipeline(inputOf(undefined, { sql: { late: sql } }));
  expect('refused' in outcome && leaves(outcome.reason)).toContainEqual(expect.stringMatching(fault));
});

test.each([
  'SELECT airport, delay, _event_id FROM flights WHERE delay IN (1, flights.delay)',
  'SELECT airport, delay, f._event_id AS _event_id FROM flights AS f',
  'WITH flights AS (SELECT * FROM flights WHERE delay > 3) SELECT airport, delay, _event_id FROM flights',
  'WITH a AS (SELECT 1 AS one), Flights (airport, delay, _event_id) AS (SELECT airport, delay, _event_id FROM flights) ' +
    'SELECT airport, delay, _event_id FROM flights',
  'SELECT airport, EXTRACT(HOUR FROM flights) AS delay, _event_id FROM flights',
  'SELECT TRIM(BOTH concat(1, (2)) FROM flights) AS airport, delay, _event_id FROM flights',
  'SELECT SUBSTRING(flights FROM 1) AS airport, delay, _event_id FROM flights',
  'SELECT OVERLAY(airport PLACING 1 FROM flights) AS airport, delay, _event_id FROM flights',
  'SELECT airport, delay, _event_id FROM flights WHERE airport IS NOT DISTINCT FROM flights',
])('SQL taken: %s', (sql) => {
  expect(planPipeline(inputOf(undefined, { sql: { late: sql } }))).not.toHaveProperty('reason');
});

test('every fault is named, not only the first', () => {
  const blueprint = changed((s) => {
    s.topics.late.key = 'x';
    s.verify.apiService = 'nobody';
  });
  const outcome = planPipeline(inputOf(blueprint));
  expect('refused' in outcome && leaves(outcome.reason)).toHaveLength(2);
});

function leaves(reason: Reason): string[] {
  return reason.children.length === 0 ? [reason.text] : reason.children.flatMap(leaves);
}
