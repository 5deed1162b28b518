/** What a pipeline's jobs hold of Spark's workers, and what these have. Pure. */
import type { BlueprintSpec } from '../../model/blueprint.ts';
import type { SparkOptions } from './spec.ts';

/** Slots that micro-batch jobs share: enough for two stages at once. */
const sharedSlots = 2;

interface JobSlots {
  readonly mode: 'realtime' | 'micro-batch';
  readonly input: { readonly partitions: number };
}

/** Task slots that the pipeline's jobs hold: one for each partition that a real-time job reads, and some for the others. */
export function slotsOf(jobs: readonly JobSlots[]): number {
  const realtime = jobs.filter(({ mode }) => mode === 'realtime').reduce((sum, { input }) => sum + input.partitions, 0);
  return realtime + sharedSlots;
}

/** Task slots of a blueprint, for the plan: Spark's workers must have as many free. */
export function sparkSlots({ jobs, topics }: BlueprintSpec): number {
  return slotsOf(
    Object.values(jobs).map(({ mode, input }) => ({
      mode,
      input: { partitions: topics[input.topic]?.partitions ?? 0 },
    })),
  );
}

/** Of one application, or of all workers together. An application waits until a worker has a whole executor for it. */
export interface SparkRoom {
  readonly executors: number;
  readonly slots: number;
}

/** As few executors as hold the slots: each costs a JVM. All of an application are alike. */
export function sparkShare({ workerCores }: SparkOptions, slots: number): SparkRoom {
  const executors = Math.ceil(slots / workerCores);
  return { executors, slots: Math.ceil(slots / executors) * executors };
}

export function sparkCapacity({ workers, workerCores, workerMemoryMiB, executorHeapMiB }: SparkOptions): SparkRoom {
  return { executors: workers * Math.floor(workerMemoryMiB / executorHeapMiB), slots: workers * workerCores };
}
