/** The ways that events came by, as a person reads them: made by the real checkpoints, over two instances and three stages. */
import { expect, test } from '@jest/globals';
import { renderPathways } from '../../../platform/cli/pathwayText.ts';
import { wayOf } from '../../../platform/console/app/pages/pipeline/panel/ways.ts';
import { pathwaysOf } from '../../../platform/observe/pathways.ts';
import type { TaskReply } from '../../../platform/observe/stages.ts';
import { memoryJournal } from '../../../platform/telemetry/conservation/journal.ts';
import { parsePathwayHeader } from '../../../platform/telemetry/pathway/header.ts';
import { createCheckpoint, overflowPathway } from '../../../platform/telemetry/pathway/pathways.ts';
import { FlowMeter, IngressMeter } from '../../../platform/telemetry/stageMeter.ts';

const bornMs = 1_795_538_300_000;
const none = new Set<never>();

function reply(task: string, meters: readonly (FlowMeter | IngressMeter)[]): TaskReply {
  return { task, stages: meters.map((meter) => meter.report()) };
}

function pass(meter: FlowMeter, pathways: readonly (string | undefined)[], nowMs: number): void {
  const incoming = pathways.map((pathway, at) => ({
    ...{ id: `e-${at}`, pathway, traceparent: undefined, jobAt: undefined },
    raw: { topic: 'p.t', partition: 0, offset: `${at}` },
  }));
  meter.passed({ incoming, filtered: none, deadLettered: none, acknowledged: incoming, anew: false }, nowMs);
}

function world() {
  const at = (stage: string) => ({ stage, journal: memoryJournal(), now: () => bornMs });
  const ingress = new IngressMeter({ ...at('ingress'), kind: 'ingress' });
  const header = ingress.stamp(bornMs);
  const sent = [0, 1, 2].map((id) => ({ id: `e-${id}`, pathway: header, traceparent: undefined }));
  ingress.offered(sent);
  ingress.acknowledged(sent, bornMs + 5);
  const job = createCheckpoint({ name: 'job:late', startMs: bornMs });
  const context = parsePathwayHeader(header)!;
  job.passed(context, bornMs + 20, undefined);
  const afterJob = job.onward(context, bornMs + 20);
  const [one, other] = [0, 1].map(() => new FlowMeter({ ...at('store'), kind: 'sink' })) as [FlowMeter, FlowMeter];
  pass(one, [header, header, undefined], bornMs + 100);
  pass(other, [header, afterJob], bornMs + 100);
  const jobReply = {
    task: 'p.spark-driver.0',
    stages: [{ checkpoint: job.snapshot(), ledger: { stage: 'late' } as TaskReply['stages'][number]['ledger'] }],
  };
  const replies = [reply('p.ingress.0', [ingress]), jobReply, reply('p.sinks.0', [one]), reply('p.sinks.1', [other])];
  return { replies, ingress };
}

test('each pathway of a checkpoint has its chain of stages, its count over all instances, its latencies and its skew', () => {
  const { replies, ingress } = world();
  const { checkpoints, silent } = pathwaysOf('p', replies);
  ingress.close();
  expect(silent).toEqual([]);
  expect(checkpoints.map(({ checkpoint, stage }) => [checkpoint, stage])).toEqual([
    ['ingress:ingress', 'ingress'],
    ['job:late', 'late'],
    ['sink:store', 'store'],
  ]);
  const [, , store] = checkpoints;
  expect(store).toMatchObject({ withoutHeader: 1, overflowed: false, sinceMs: bornMs });
  expect(store!.pathways).toMatchObject([
    { chain: ['ingress:ingress', 'sink:store'], isWhole: true, count: 3, clockSkewed: 0, edge: { count: 3 } },
    { chain: ['ingress:ingress', 'job:late', 'sink:store'], isWhole: true, count: 1, endToEnd: { count: 1 } },
  ]);
  // Bounds of the histogram are 9 % apart.
  expect(store!.pathways[1]!.edge!.p50Ms).toBeGreaterThan(70);
  expect(store!.pathways[1]!.edge!.p50Ms).toBeLessThan(90);
  expect(store!.pathways.map(wayOf)).toEqual(['ingress → store', 'ingress → late → store']);
  const text = renderPathways(pathwaysOf('p', replies));
  expect(text).toMatch(/store +3 .*ingress:ingress → sink:store/);
  expect(text).toMatch(/store +1 .*ingress:ingress → job:late → sink:store/);
  expect(text).toContain('store: 1 event came without a pathway header.');
});

test('a beginning that nobody tells, a clock that runs backwards and the overflow are named as such', () => {
  const silentIngress = { task: 'p.ingress.0', stages: [], fault: 'connect ECONNREFUSED' };
  const { replies } = world();
  const report = pathwaysOf('p', [silentIngress, ...replies.slice(1)], 'store');
  expect(report.silent).toEqual(['p.ingress.0']);
  expect(report.checkpoints).toHaveLength(1);
  expect(report.checkpoints[0]!.pathways.map(wayOf)).toEqual(['… → store', '… → late → store']);
  const small = createCheckpoint({ name: 'sink:store', startMs: bornMs, maxPathways: 1 });
  small.passed({ pathway: '1'.repeat(16), originMs: bornMs + 9, previousMs: bornMs + 9 }, bornMs, undefined);
  small.passed({ pathway: '2'.repeat(16), originMs: bornMs, previousMs: bornMs }, bornMs + 1, undefined);
  const ledger = { stage: 'store' } as TaskReply['stages'][number]['ledger'];
  const [store] = pathwaysOf('p', [{ task: 't', stages: [{ checkpoint: small.snapshot(), ledger }] }]).checkpoints;
  expect(store).toMatchObject({ overflowed: true });
  expect(store!.pathways).toMatchObject([
    { count: 1, clockSkewed: 1, edge: null, isOverflow: false },
    { count: 1, clockSkewed: 0, isOverflow: true, pathway: overflowPathway },
  ]);
  expect(wayOf(store!.pathways[1]!)).toBe('all further ways together');
});
