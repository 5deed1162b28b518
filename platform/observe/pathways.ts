/** Pathways as a person reads them: at each checkpoint, the chains of stages that events came by, with counts and latencies. Pure. */
import type { Latency } from '../api/contract/pipelines.ts';
import { addHistograms, emptyHistogram, type HistogramSnapshot } from '../telemetry/pathway/histogram.ts';
import { overflowPathway, type PathwaySnapshot, rootPathway } from '../telemetry/pathway/pathways.ts';
import type { TaskReply } from './stages.ts';
import { latencyOf } from './watch/measure.ts';

export interface PathwayFigures {
  /** 64 bits in hexadecimal; `millrace.pathway` among the metrics. */
  readonly pathway: string;
  /** Checkpoints in the order in which events met them, this one last: `ingress:ingress`, `job:late`, `sink:store`. */
  readonly chain: readonly string[];
  /** False: its beginning is not known, for the task that would name it has not answered or has no count of it any more. */
  readonly isWhole: boolean;
  /** There were more pathways than places: this is all of the rest together. */
  readonly isOverflow: boolean;
  readonly count: number;
  /** From the checkpoint before; from the ingress. Null: of no event. */
  readonly edge: Latency | null;
  readonly endToEnd: Latency | null;
  /** Events whose clock readings were in the wrong order: in the count, and in no latency. */
  readonly clockSkewed: number;
  readonly lastPassedMs: number | null;
}

export interface CheckpointPathways {
  readonly checkpoint: string;
  /** Name of the ingress, job or flow. */
  readonly stage: string;
  /** Since when the first of its tasks counts. */
  readonly sinceMs: number;
  /** Events without a pathway header. */
  readonly withoutHeader: number;
  readonly overflowed: boolean;
  /** Most events first. */
  readonly pathways: readonly PathwayFigures[];
}

export interface PathwayReport {
  readonly pipeline: string;
  readonly checkpoints: readonly CheckpointPathways[];
  /** Tasks that did not answer. */
  readonly silent: readonly string[];
}

/** Instances of a stage are added up. `stage`: only that one's checkpoint. */
export function pathwaysOf(pipeline: string, replies: readonly TaskReply[], stage?: string): PathwayReport {
  const stages = replies.flatMap((reply) => reply.stages);
  const steps = stepsIn(stages.map(({ checkpoint }) => checkpoint));
  const byStage = Map.groupBy(stages, ({ ledger }) => ledger.stage);
  return {
    pipeline,
    checkpoints: [...byStage]
      .filter(([name]) => stage === undefined || name === stage)
      .map(([name, reports]) => {
        const checkpoints = reports.map(({ checkpoint }) => checkpoint);
        const all = checkpoints.flatMap(({ checkpoint, pathways }) => pathways.map((seen) => ({ checkpoint, seen })));
        const byId = Map.groupBy(all, ({ seen }) => seen.pathway);
        return {
          ...{ checkpoint: checkpoints[0]!.checkpoint, stage: name },
          sinceMs: Math.min(...checkpoints.map(({ startMs }) => startMs)),
          withoutHeader: checkpoints.reduce((total, each) => total + each.withoutHeader, 0),
          overflowed: checkpoints.some(({ overflowed }) => overflowed),
          pathways: [...byId.values()]
            .map((same) =>
              figuresOf(
                same.map(({ seen }) => seen),
                same[0]!.checkpoint,
                steps,
              ),
            )
            .sort((one, other) => other.count - one.count),
        };
      }),
    silent: replies.filter(({ fault }) => fault !== undefined).map(({ task }) => task),
  };
}

type Steps = ReadonlyMap<string, { readonly checkpoint: string; readonly parent: string }>;

/** By id of the pathway: its last checkpoint, and the pathway that led there. The overflow's is nobody's. */
function stepsIn(checkpoints: readonly TaskReply['stages'][number]['checkpoint'][]): Steps {
  return new Map(
    checkpoints.flatMap(({ checkpoint, pathways }) =>
      pathways
        .filter(({ pathway }) => pathway !== overflowPathway)
        .map(({ pathway, parent }) => [pathway, { checkpoint, parent }] as const),
    ),
  );
}

function figuresOf(same: readonly PathwaySnapshot[], checkpoint: string, steps: Steps): PathwayFigures {
  const { pathway, parent } = same[0]!;
  const isOverflow = pathway === overflowPathway;
  const total = (pick: (each: PathwaySnapshot) => number) => same.reduce((sum, each) => sum + pick(each), 0);
  const merged = (pick: (each: PathwaySnapshot) => HistogramSnapshot) =>
    latencyOf(same.reduce((sum, each) => addHistograms(sum, pick(each)), emptyHistogram));
  const lastPassedMs = Math.max(...same.map((each) => each.lastPassedMs));
  return {
    pathway,
    ...(isOverflow ? { chain: [checkpoint], isWhole: false } : chainOf(parent, checkpoint, steps)),
    isOverflow,
    count: total(({ count }) => count),
    edge: merged(({ edge }) => edge),
    endToEnd: merged(({ endToEnd }) => endToEnd),
    clockSkewed: total(({ negativeEdge, negativeEndToEnd }) => Math.max(negativeEdge, negativeEndToEnd)),
    lastPassedMs: lastPassedMs === 0 ? null : lastPassedMs,
  };
}

/** No chain is longer: ids are hashes of their parents', and one that leads back to itself is nobody's of ours. */
const longestChain = 64;

function chainOf(parent: string, checkpoint: string, steps: Steps): Pick<PathwayFigures, 'chain' | 'isWhole'> {
  const chain = [checkpoint];
  let before = parent;
  while (before !== rootPathway && chain.length < longestChain) {
    const step = steps.get(before);
    if (step === undefined) return { chain, isWhole: false };
    chain.unshift(step.checkpoint);
    before = step.parent;
  }
  return { chain, isWhole: before === rootPathway };
}
