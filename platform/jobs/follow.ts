/** Hands what the observer sees to alerting: the wire between the two in the API's process. */
import { reasonOf } from '../connectors/backoff.ts';
import { type Objectives, objectivesOf } from '../model/objective.ts';
import type { PipelineRecord } from '../model/records.ts';
import { sampleOf } from '../objectives/sample.ts';
import type { Watcher } from '../observe/watcher.ts';
import type { Alerting } from './alerting.ts';

export interface FollowOptions {
  readonly watcher: Pick<Watcher, 'on' | 'ledger' | 'history'>;
  readonly alerting: Pick<Alerting, 'observe' | 'keepOnly'>;
  readonly records: {
    pipeline(name: string): PipelineRecord | undefined;
    pipelines(): readonly PipelineRecord[];
  };
  readonly now: () => number;
  readonly log: (line: string) => void;
}

const sweepMs = 10_000;
/** The newest point of the history that is not older than this is about now. */
const recentMs = 5000;

/** Answers a function that ends it. What fails is told once for each reason, and never reaches the observer. */
export function followWatcher(options: FollowOptions): () => void {
  const { watcher, alerting, records, now, log } = options;
  const known = new Map<string, { readonly revision: number; readonly objectives: Objectives }>();
  let lastSaid = '';
  const guarded = (work: () => void) => {
    try {
      work();
    } catch (thrown) {
      const said = `objectives: ${reasonOf(thrown)}`;
      if (said !== lastSaid) log(said);
      lastSaid = said;
    }
  };
  const objectivesFor = (pipeline: string, revision: number): Objectives | undefined => {
    const there = known.get(pipeline);
    if (there?.revision === revision) return there.objectives;
    const record = records.pipeline(pipeline);
    if (record === undefined) return undefined;
    const objectives = objectivesOf(record.plan.spec);
    known.set(pipeline, { revision: record.revision, objectives });
    return objectives;
  };
  const end = watcher.on((event) => {
    if (event.kind !== 'seen') return;
    guarded(() => {
      const { pipeline, summary } = event;
      const objectives = objectivesFor(pipeline, summary.revision);
      if (objectives === undefined) return;
      const atMs = now();
      const span = { fromMs: atMs - recentMs, toMs: atMs, points: 1 };
      const stages = watcher.history(pipeline, span).points.at(-1)?.stages ?? {};
      alerting.observe(pipeline, objectives, sampleOf(summary, watcher.ledger(pipeline), { atMs, stages }));
    });
  });
  // Not by what the observer has seen: it has seen nothing yet when it begins.
  const sweep = () => guarded(() => alerting.keepOnly(records.pipelines().map(({ pipeline }) => pipeline)));
  const timer = setInterval(sweep, sweepMs);
  timer.unref();
  sweep();
  return () => {
    clearInterval(timer);
    end();
  };
}
