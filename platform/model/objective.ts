/** What a pipeline promises: how fresh its results are, and how complete. Inert; judged in platform/objectives. */
import { z } from 'zod';
import { name } from './names.ts';

/** The ranges are checked by `plan` (platform/plan/objectives.ts), which names every fault, not only the first. */
const common = {
  /**
   * Over how long a time the target must hold, in hours. All windows of the burn rates scale with it: at 720 (30 days) they
   * are those of the SRE workbook.
   */
  windowHours: z.number().default(72),
};

export const freshnessObjective = z.object({
  kind: z.literal('freshness'),
  /** A flow or job; without it: all ends of the pipeline together. */
  stage: name.optional(),
  /**
   * A second is good in which what arrived took no longer than this from the ingress (99th percentile), and nothing older
   * waited. Seconds without events are not counted.
   */
  withinSeconds: z.number(),
  /** Share of good seconds. */
  target: z.number().default(0.99),
  ...common,
});

export const completenessObjective = z.object({
  kind: z.literal('completeness'),
  /** What is counted: closed windows of the ledger that balance, or events in them that were neither lost nor doubled. */
  of: z.enum(['windows', 'events']).default('windows'),
  target: z.number().default(0.9999),
  ...common,
});

export const objectiveSpec = z.discriminatedUnion('kind', [freshnessObjective, completenessObjective]);

export type ObjectiveSpec = z.infer<typeof objectiveSpec>;
export type FreshnessObjective = z.infer<typeof freshnessObjective>;
export type Objectives = Readonly<Record<string, ObjectiveSpec>>;

/** Of a blueprint that names none: most results within a minute, and nothing lost. */
export const defaultObjectives: Objectives = {
  fresh: { kind: 'freshness', withinSeconds: 60, target: 0.99, windowHours: 72 },
  complete: { kind: 'completeness', of: 'windows', target: 0.9999, windowHours: 72 },
};

/** Plans before 2026-11-25 have none. */
export function objectivesOf({ objectives }: { readonly objectives?: Objectives | undefined }): Objectives {
  return objectives === undefined || Object.keys(objectives).length === 0 ? defaultObjectives : objectives;
}

/** How old results may be when they arrive, by the strictest objective about all ends; undefined: there is none. */
export function freshnessMsOf(objectives: Objectives): number | undefined {
  const seconds = Object.values(objectives).flatMap((each) =>
    each.kind === 'freshness' && each.stage === undefined ? [each.withinSeconds] : [],
  );
  return seconds.length === 0 ? undefined : Math.min(...seconds) * 1000;
}
