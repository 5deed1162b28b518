/** The graph of a blueprint with its measures: of flight-delays, and of a thousand nodes. */
import { describe, expect, test } from '@jest/globals';
import { pipelineGraph } from '../../../../platform/api/contract/pipelines.ts';
import type { PipelineRecord } from '../../../../platform/model/records.ts';
import { hopsOf } from '../../../../platform/observe/hops.ts';
import type { HopFact, TaskFact } from '../../../../platform/observe/watch/flowState.ts';
import { type GraphMeasures, graphOf } from '../../../../platform/observe/watch/graph.ts';
import { resolveParameters } from '../../../../platform/plan/parameters.ts';
import { loadBlueprint } from '../../../../platform/sdk/loadBlueprint.ts';
import { hopFact, nowMs, taskFact } from './flowFacts.ts';

const module = await loadBlueprint(new URL('../../../..', import.meta.url).pathname, 'flight-delays');
const spec = module.build(resolveParameters(module, {}));
const parts = ['ingress', 'api', 'alerts', 'sinks', 'spark-driver', 'feed'];
const record = {
  pipeline: 'mine',
  plan: { spec, placements: parts.map((part) => ({ task: `mine.${part}.0` })) },
} as unknown as PipelineRecord;
const hops = hopsOf('mine', spec).map(({ name, kind, part }) => hopFact(name, kind, part));
const tasks = parts.map((part) => taskFact(part, 'stage'));
const figures = { ratePerSecond: 50, latency: { p50Ms: 4, p99Ms: 30, count: 250 }, lagRecords: 3, lagSeconds: 0.2 };

function measures(more: Partial<GraphMeasures> = {}): GraphMeasures {
  const edges = new Map(hops.map(({ name }) => [name, figures]));
  return { atMs: nowMs, state: 'flowing', reason: 'It flows.', freshnessMs: 30_000, tasks, hops, edges, ...more };
}
const withHop = (name: string, more: Partial<HopFact>) =>
  measures({ hops: hops.map((hop) => (hop.name === name ? { ...hop, ...more } : hop)) });
const withTask = (task: string, more: Partial<TaskFact>) =>
  measures({ tasks: tasks.map((fact) => (fact.task === task ? { ...fact, ...more } : fact)) });
const nodeOf = (given: GraphMeasures, id: string) => graphOf(record, given).nodes.find((node) => node.id === id);

describe('the graph of flight-delays', () => {
  const graph = graphOf(record, measures());

  test('has every part of the blueprint once, in the shape of the API, and edges between nodes that are there', () => {
    expect(pipelineGraph.parse(graph)).toEqual(graph);
    const ids = graph.nodes.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.toSorted()).toEqual(
      [
        ...['feed:feed', 'ingress:ingress', 'service:api', 'service:alerts', 'projection:board', 'queue:alerts'],
        ...['topic:flights', 'topic:severe-delays', 'topic:airport-delays', 'job:severe-delays', 'job:airport-delays'],
        ...['flow:store-flights', 'flow:store-severe', 'flow:store-windows', 'flow:board', 'flow:alerts'],
        ...['table:flights', 'table:severe-delays', 'table:airport-windows'],
      ].toSorted(),
    );
    expect(new Set(graph.edges.map(({ id }) => id)).size).toBe(graph.edges.length);
    for (const { from, to } of graph.edges) expect(ids).toEqual(expect.arrayContaining([from, to]));
  });

  test('tells the lag where a stage reads, and no latency where nothing is measured', () => {
    const edge = (id: string) => graph.edges.find((each) => each.id === id);
    expect(edge('topic:flights>job:severe-delays')).toMatchObject({ stage: 'severe-delays', ...figures });
    expect(edge('flow:store-flights>table:flights')).toMatchObject({
      ratePerSecond: 50,
      latency: null,
      lagRecords: null,
    });
    expect(edge('ingress:ingress>topic:flights')).toMatchObject({ latency: figures.latency, lagRecords: null });
    expect(edge('feed:feed>ingress:ingress')).toMatchObject({ stage: 'ingress', ratePerSecond: 50 });
  });

  test.each([
    ['is well', measures(), 'flow:board', 'ok', /^50 events\/s pass\.$/],
    ['rests', withHop('board', { ratePerSecond: 0 }), 'flow:board', 'idle', /^Nothing passes it now/],
    [
      'is late',
      withHop('board', { lagSeconds: 40, lagRecords: 9, stillMs: 100 }),
      'flow:board',
      'degraded',
      /^It is late: 9 records wait/,
    ],
    [
      'stands still',
      withHop('board', { lagSeconds: 40, lagRecords: 9, stillMs: 40_000 }),
      'flow:board',
      'down',
      /^It does not go on/,
    ],
    [
      'has clocks that disagree',
      withHop('board', { clockSkewed: 2 }),
      'flow:board',
      'ok',
      /2 events had clocks that run backwards/,
    ],
    ['does not tell', withHop('board', { ratePerSecond: null, lagRecords: null }), 'flow:board', 'unknown', /./],
    [
      'hangs',
      withTask('mine.sinks.0', { silentMs: 9000 }),
      'flow:board',
      'degraded',
      /^mine\.sinks\.0 does not answer/,
    ],
    [
      'can not start',
      withTask('mine.api.0', { phase: 'failed', reason: 'no program' }),
      'service:api',
      'down',
      /is failed \(no program\)/,
    ],
    ['has a writer at rest', withHop('ingress', { ratePerSecond: 0 }), 'topic:flights', 'idle', /Nothing is written/],
    ['stores', measures(), 'table:flights', 'ok', /^50 events\/s are stored/],
  ] as const)('a node that %s says so', (_, given, id, state, reason) => {
    expect(nodeOf(given, id)).toMatchObject({ id, state, reason: expect.stringMatching(reason) });
  });
});

test('a blueprint of a thousand nodes has a graph of a thousand nodes', () => {
  const flow = spec.flows['store-flights']!;
  const names = Array.from({ length: 333 }, (_, at) => `part-${at}`);
  const wide = {
    ...spec,
    topics: Object.fromEntries(names.map((name) => [name, spec.topics.flights!])),
    tables: Object.fromEntries(names.map((name) => [name, spec.tables.flights!])),
    flows: Object.fromEntries(
      names.map((name) => [
        name,
        { ...flow, from: { kind: 'kafka', topic: name } as const, to: { ...flow.to, table: name } },
      ]),
    ),
  } as typeof spec;
  const large = { ...record, plan: { ...record.plan, spec: wide } };
  const facts = hopsOf('mine', wide).map(({ name, kind, part }) => hopFact(name, kind, part));
  const given = measures({ hops: facts, edges: new Map(facts.map(({ name }) => [name, figures])) });
  const { nodes, edges } = graphOf(large, given);
  expect(nodes.length).toBeGreaterThanOrEqual(999);
  expect(edges.length).toBeGreaterThanOrEqual(666);
  expect(nodes.filter(({ kind }) => kind === 'flow').every(({ state }) => state === 'ok')).toBe(true);
});
