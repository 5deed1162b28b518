/** The state of a pipeline by its data: what is said of which facts. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type PipelineState, pipelineState } from '../../../../platform/api/contract/pipelines.ts';
import { type FlowFacts, flowStateOf } from '../../../../platform/observe/watch/flowState.ts';
import { facts, hopFact, hops, nowMs, taskFact, tasks, withHop, withTask } from './flowFacts.ts';

const stuck = { lagRecords: 1200, lagSeconds: 42, stillMs: 42_000 };
const quiet = Object.values(hops).map((hop) => ({ ...hop, ratePerSecond: 0, lastPassedMs: nowMs - 75_000 }));
const kafka = (more: object) => [{ framework: 'kafka', state: 'running', down: false, reason: '', ...more }];
const allTasks = (more: object) => Object.values(tasks).map((each) => ({ ...each, ...more }));

const cases: Readonly<Record<string, [Partial<FlowFacts>, PipelineState, RegExp, string | null]>> = {
  'events reach all ends': [{}, 'flowing', /^50 events\/s come in and reach all 2 ends/, null],
  'nothing comes in, all is done': [
    { hops: quiet },
    'idle',
    /^Nothing has come in for 75 s, and all that came is done/,
    null,
  ],
  'nothing comes in, the feed was stopped': [
    { hops: quiet, tasks: withTask('feed', { phase: 'stopped', desired: 'stopped', silentMs: null }) },
    ...(['idle', /mine\.feed\.0 is stopped\.$/, null] as const),
  ],
  'nothing comes in, but not all is done': [
    { hops: [...quiet.slice(0, 3), { ...quiet[3]!, lagRecords: 7, lagSeconds: 2 }] },
    ...(['flowing', /alerts, is 2 s behind/, null] as const),
  ],
  'a sink that hangs': [
    { hops: withHop('store', stuck), tasks: withTask('sinks', { silentMs: 42_000 }) },
    'stalled',
    /^store does not go on: 1200 records wait, the oldest for 42 s, and mine\.sinks\.0 does not answer/,
    'millrace logs mine.sinks.0',
  ],
  'a sink whose store takes nothing': [
    { hops: withHop('store', stuck), tasks: withTask('sinks', { waitingFor: 'cassandra' }) },
    ...(['stalled', /mine\.sinks\.0 waits for cassandra/, 'millrace lag mine'] as const),
  ],
  'a sink that hangs before records whose time nobody knows': [
    {
      hops: withHop('store', { ...stuck, lagSeconds: null, stillMs: 90_000 }),
      tasks: withTask('sinks', { silentMs: 42_000 }),
    },
    ...(['stalled', /^store does not go on: 1200 records wait, the oldest for at least 1.5 min/] as const),
    'millrace logs mine.sinks.0',
  ],
  'a queue that nobody works off': [
    { hops: [...Object.values(hops), hopFact('queue:alerts', 'worker', '', { lagRecords: 9, lagSeconds: 60 })] },
    ...(['degraded', /^queue:alerts is late: 9 records wait, the oldest for 60 s/, 'millrace lag mine'] as const),
  ],
  'jobs that a worker has given up': [
    { queues: [{ name: 'alerts', failed: 3, failedLately: 1 }] },
    ...(['degraded', /^1 job of queue alerts failed at each attempt and was given up in the last 10 min/] as const),
    'the log of the service that works alerts off tells why; told until 10 min after the last one',
  ],
  'jobs that were given up an hour ago': [
    { queues: [{ name: 'alerts', failed: 3, failedLately: 0 }] },
    ...(['flowing', /^50 events\/s come in/, null] as const),
  ],
  'two hang: the one with the oldest record is named': [
    {
      hops: withHop('store', stuck).map((hop) => (hop.name === 'severe' ? { ...hop, ...stuck, lagSeconds: 50 } : hop)),
    },
    ...(['stalled', /^severe does not go on.*\(and 1 further trouble\)\.$/, 'millrace lag mine'] as const),
  ],
  'a sink that is late and goes on': [
    { hops: withHop('store', { lagRecords: 90_000, lagSeconds: 130, stillMs: 900 }) },
    ...([
      'degraded',
      /^store is late: 90000 records wait, the oldest for 2\.2 min; 30 s are allowed/,
      'millrace lag mine',
    ] as const),
  ],
  'a sink that is slow': [
    { hops: withHop('store', { endToEndP99Ms: 31_000 }) },
    ...(['degraded', /^store gets events late: p99 from the ingress 31 s/, 'millrace lag mine'] as const),
  ],
  'a sink that can not be started': [
    { tasks: withTask('sinks', { phase: 'failed', reason: 'no such program', silentMs: null }) },
    'stalled',
    /^store and alerts can't go on: mine\.sinks\.0 is failed \(no such program\)/,
    'millrace logs mine.sinks.0',
  ],
  'a sink that starts again by itself': [
    { tasks: withTask('sinks', { phase: 'backoff', reason: 'it ended with code 1' }) },
    ...(['degraded', /^mine\.sinks\.0 is backoff \(it ended with code 1\)/, 'millrace logs mine.sinks.0'] as const),
  ],
  'one of two instances of the ingress is down': [
    { tasks: [...Object.values(tasks), taskFact('ingress', 'stage', { task: 'mine.ingress.1', phase: 'stopped' })] },
    ...(['degraded', /^mine\.ingress\.1 is stopped/, 'millrace logs mine.ingress.1'] as const),
  ],
  'a service beside the flow is down': [
    { tasks: withTask('api', { phase: 'failed' }) },
    ...(['degraded', /^mine\.api\.0 is failed/, 'millrace logs mine.api.0'] as const),
  ],
  'a stage does not answer, nothing waits yet': [
    { tasks: withTask('spark', { silentMs: 8000 }) },
    ...(['degraded', /^mine\.spark-driver\.0 does not answer/, 'millrace logs mine.spark-driver.0'] as const),
  ],
  'the feed was killed': [
    { tasks: withTask('feed', { phase: 'backoff' }) },
    ...(['degraded', /^mine\.feed\.0 is backoff/, 'millrace logs mine.feed.0'] as const),
  ],
  'a server is down': [
    { frameworks: kafka({ state: 'stopped', down: true, reason: 'millrace up' }) },
    ...(['stalled', /^kafka is down/, 'millrace up'] as const),
  ],
  'a server is not whole': [
    { frameworks: kafka({ state: 'degraded', reason: 'kafka.broker.2: stopped' }) },
    ...(['degraded', /^kafka is degraded: kafka\.broker\.2: stopped/, 'millrace status'] as const),
  ],
  'dead letters': [
    {
      deadLetters: {
        ...{ records: 12, overMs: 600_000, topics: ['mine.flights.dead'] },
        newest: { agoMs: 42_000, stage: 'store', reason: 'wrong-type: delay: expected int, got string' },
      },
    },
    'degraded',
    /^12 events went to mine\.flights\.dead in the last 10 min; the newest, 42 s ago by store: wrong-type: delay: expected int/,
    'millrace console shows them with their reasons; told until 10 min after the last one',
  ],
  'a ledger that does not balance': [
    { unbalanced: { windows: 2, newest: 'between ingress and store: 1 of 500 events missing' } },
    ...([
      'degraded',
      /^2 windows of the ledger do not balance: between ingress and store/,
      'millrace ledger mine, and once you have seen why: millrace ledger mine --acknowledge',
    ] as const),
  ],
  'Kafka does not tell': [
    { offsetsFault: 'no answer within 8 s' },
    'degraded',
    /no answer within 8 s/,
    'millrace status',
  ],
  'no agent, and tasks that outlived it': [
    { agent: false, tasks: allTasks({ phase: undefined }) },
    ...(['degraded', /^The agent does not run, so that nothing is started again/, 'millrace up'] as const),
  ],
  'no agent, and nothing answers': [
    { agent: false, tasks: allTasks({ phase: undefined, silentMs: null }) },
    ...(['stopped', /^No agent runs, and none of its tasks answers\.$/, 'millrace up'] as const),
  ],
  'all tasks are stopped': [
    { tasks: allTasks({ phase: 'stopped' }) },
    'stopped',
    /^All its tasks are stopped\.$/,
    'millrace up',
  ],
  'all tasks were stopped on request': [
    { tasks: allTasks({ phase: 'stopped', desired: 'stopped' }) },
    ...(['stopped', /stopped on request\.$/] as const),
    'millrace start mine',
  ],
  'a sink was stopped on request': [
    { tasks: withTask('sinks', { phase: 'stopped', desired: 'stopped' }) },
    ...(['stalled', /^store and alerts can't go on: mine\.sinks\.0 is stopped/, 'millrace start mine'] as const),
  ],
  'destroyed with its data kept': [{ recorded: 'stopped', tasks: [] }, 'stopped', /data kept/, 'millrace destroy mine'],
  'a deploy under way': [{ recorded: 'deploying' }, 'deploying', /^A deploy is under way\.$/, null],
  'a deploy that was cut off': [{ recorded: 'deploying', worker: false }, 'deploying', /cut off/, 'millrace up'],
  'a destroy under way': [{ recorded: 'destroying' }, 'destroying', /^A destroy is under way\.$/, null],
  'a deploy that failed': [
    { recorded: 'failed', error: { code: 'NOT_READY', message: 'Task x is not ready.' } },
    ...(['failed', /^Its deploy failed with NOT_READY: Task x is not ready\.$/, 'millrace destroy mine'] as const),
  ],
};

test.each(Object.entries(cases))('%s', (_, [more, state, reason, next]) => {
  const found = flowStateOf(facts(more), nowMs);
  expect(found).toEqual({ state, reason: expect.stringMatching(reason), next });
});

const anyTask = fc
  .record({
    phase: fc.constantFrom('running', 'backoff', 'stopped', 'failed', undefined),
    silentMs: fc.constantFrom(null, undefined, 0, 6000, 90_000),
    reason: fc.constantFrom('', 'it ended with code 1'),
    waitingFor: fc.constantFrom('', 'cassandra'),
  })
  .map((more) => more as Parameters<typeof withTask>[1]);
const anyHop = fc.record({
  ratePerSecond: fc.constantFrom(null, 0, 50),
  lastPassedMs: fc.constantFrom(null, nowMs - 100, nowMs - 100_000),
  lagRecords: fc.constantFrom(null, 0, 5, 90_000),
  lagSeconds: fc.constantFrom(null, 0, 4, 31, 9000),
  stillMs: fc.constantFrom(null, 0, 20_000),
});
const anyFacts = fc
  .record({
    recorded: fc.constantFrom('deploying', 'flowing', 'failed', 'destroying', 'stopped'),
    agent: fc.boolean(),
    worker: fc.boolean(),
    tasks: fc.tuple(anyTask, anyTask, anyTask, anyTask, anyTask),
    hops: fc.tuple(anyHop, anyHop, anyHop, anyHop),
    deadLetters: fc.record({
      ...{ records: fc.constantFrom(0, 3), overMs: fc.constant(600_000) },
      topics: fc.constantFrom(['a.dead'], ['a.dead', 'b.dead', 'c.dead']),
      newest: fc.constantFrom(null, { agoMs: 1000, stage: 'store', reason: 'bad-json' }),
    }),
    unbalanced: fc.constantFrom(null, { windows: 1, newest: 'x' }),
    offsetsFault: fc.constantFrom(null, 'no answer'),
  })
  .map(({ tasks: moreTasks, hops: moreHops, ...rest }) =>
    facts({
      ...(rest as Partial<FlowFacts>),
      tasks: Object.values(tasks).map((task, at) => ({ ...task, ...moreTasks[at] })),
      hops: Object.values(hops).map((hop, at) => ({ ...hop, ...moreHops[at] })),
    }),
  );

describe('whatever is seen', () => {
  test('has one state, a sentence, and something to do where it is not well', () => {
    fc.assert(
      fc.property(anyFacts, (seen) => {
        const { state, reason, next } = flowStateOf(seen, nowMs);
        expect(pipelineState.options).toContain(state);
        expect(reason).toMatch(/^\S.*\.$/s);
        expect(reason).not.toMatch(/undefined|NaN|null|\[object/);
        if (['degraded', 'stalled', 'stopped', 'failed'].includes(state)) expect(next).toMatch(/\w/);
      }),
    );
  });

  test('flowing and idle have no task that is down, no late hop and a ledger that balances', () => {
    fc.assert(
      fc.property(anyFacts, (seen) => {
        const { state } = flowStateOf(seen, nowMs);
        if (state !== 'flowing' && state !== 'idle') return;
        expect(seen.tasks.filter(({ role }) => role === 'stage').every(({ phase }) => phase === 'running')).toBe(true);
        expect(seen.hops.every(({ lagSeconds }) => (lagSeconds ?? 0) < 30)).toBe(true);
        expect([seen.unbalanced, seen.deadLetters.records, seen.agent]).toEqual([null, 0, true]);
      }),
    );
  });

  test('a further trouble never makes it look better', () => {
    const grave: readonly PipelineState[] = ['idle', 'flowing', 'degraded', 'stalled'];
    fc.assert(
      fc.property(anyFacts, (seen) => {
        const before = flowStateOf(seen, nowMs).state;
        const after = flowStateOf(
          { ...seen, hops: [...seen.hops, hopFact('late', 'sink', 'sinks', stuck)] },
          nowMs,
        ).state;
        if (grave.includes(before)) expect(after).toBe('stalled');
        else expect(after).toBe(before);
      }),
    );
  });
});
