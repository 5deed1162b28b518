/** The error budgets of one pipeline on disk: a file each, some KiB per objective. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Home } from '../home.ts';
import type { TrackerState } from '../objectives/tracker.ts';
import { readState, writeState } from '../state-files.ts';

const counts = z.array(z.tuple([z.number(), z.number(), z.number()]));
const firing = z.object({ sinceMs: z.number(), calmSinceMs: z.number().nullable() }).optional();
const trackerState = z.object({
  kind: z.enum(['freshness', 'completeness']),
  ring: z.object({ slotMs: z.number(), fine: counts, coarse: counts }),
  lastMs: z.number().nullable(),
  counted: z.array(z.tuple([z.number(), z.union([z.boolean(), z.object({ atMs: z.number(), bad: z.number() })])])),
  firing: z.object({ page: firing, ticket: firing }),
});
const budgetFile = z.object({
  format: z.literal('millrace/budgets/1'),
  pipeline: z.string(),
  savedMs: z.number(),
  objectives: z.record(z.string(), trackerState),
});
type BudgetFile = z.infer<typeof budgetFile>;

export interface KeptBudgets {
  /** When they were written: every ten seconds or so while somebody watches. */
  readonly savedMs: number;
  readonly objectives: Readonly<Record<string, TrackerState>>;
}

/** Undefined: there are none. Throws CORRUPT_STATE, FOREIGN_STATE, STATE_UNAVAILABLE. */
export function readBudgets(home: Home, pipeline: string): KeptBudgets | undefined {
  const file = readState<BudgetFile>(fileOf(home, pipeline), 'millrace/budgets/1', (value) => budgetFile.parse(value));
  return file as KeptBudgets | undefined;
}

export function writeBudgets(home: Home, pipeline: string, { savedMs, objectives }: KeptBudgets): void {
  const file = { format: 'millrace/budgets/1', pipeline, savedMs, objectives } as const;
  writeState(fileOf(home, pipeline), file);
}

export function pipelinesWithBudgets({ alertsDir }: Home): readonly string[] {
  const directory = join(alertsDir, 'budgets');
  if (!existsSync(directory)) return [];
  // A file that begins with a dot is half a file of a process that was killed.
  const names = readdirSync(directory).filter((file) => /^[^.].*\.json$/.test(file));
  return names.map((file) => file.slice(0, -'.json'.length));
}

export function removeBudgets(home: Home, pipeline: string): void {
  rmSync(fileOf(home, pipeline), { force: true });
}

function fileOf({ alertsDir }: Home, pipeline: string): string {
  return join(alertsDir, 'budgets', `${pipeline}.json`);
}
