/**
 * Whether Spark's workers have room for the jobs of one pipeline more. Spark itself refuses nobody: an application without an
 * executor waits, and its pipeline would never flow.
 */
import { type SparkRoom, sparkCapacity, sparkShare, sparkSlots } from '../frameworks/spark/room.ts';
import type { SparkOptions } from '../frameworks/spark/spec.ts';
import type { BlueprintSpec } from '../model/blueprint.ts';
import type { Reason } from '../model/cluster.ts';
import { fault } from './reasons.ts';

export interface Neighbour {
  readonly pipeline: string;
  readonly spec: BlueprintSpec;
}

/** `neighbours`: other pipelines that are deployed. Undefined: there is room, or nothing is asked. */
export function checkSparkRoom(
  { pipeline, spec }: Neighbour,
  options: SparkOptions,
  neighbours: readonly Neighbour[],
): { readonly reason: Reason; readonly help: string } | undefined {
  const asked = shareOf(spec, options);
  if (asked === undefined) return undefined;
  const holders = neighbours.flatMap((each) => {
    const share = shareOf(each.spec, options);
    return share === undefined ? [] : [{ pipeline: each.pipeline, share }];
  });
  const capacity = sparkCapacity(options);
  const faults = (['executors', 'slots'] as const).flatMap((unit) => {
    const held = holders.map(({ pipeline: name, share }) => `${name} holds ${share[unit]}`);
    const free = capacity[unit] - holders.reduce((sum, { share }) => sum + share[unit], 0);
    if (asked[unit] <= free) return [];
    const by = held.length === 0 ? '' : `: ${held.join(', ')}`;
    return [fault(`${unit}: ask ${asked[unit]}, ${Math.max(0, free)} of ${capacity[unit]} free${by}`)];
  });
  if (faults.length === 0) return undefined;
  const others = holders.map(({ pipeline: name }) => name);
  const destroy = others.length === 0 ? '' : `Destroy another pipeline (millrace destroy ${others[0]}), or l`;
  return {
    reason: fault(`Spark has no room for the jobs of ${pipeline}`, faults),
    help: `${destroy || 'L'}et a blueprint ask for more of Spark before it is installed: workerMemoryMiB has ${options.executorHeapMiB} MiB for each executor, workerCores are slots, workers have both.`,
  };
}

function shareOf(spec: BlueprintSpec, options: SparkOptions): SparkRoom | undefined {
  return Object.keys(spec.jobs).length === 0 ? undefined : sparkShare(options, sparkSlots(spec));
}
