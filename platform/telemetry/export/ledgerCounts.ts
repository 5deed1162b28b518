/**
 * Counters that only grow out of the ledger's pages, whose windows come and go: what each cell has gained since it was last
 * looked at is added up by stage and kind.
 */
import { type TallyKind, tallyKinds } from '../conservation/cell.ts';
import type { StageReport } from '../stageMeter.ts';

export class LedgerCounts {
  readonly #startMs: number;
  readonly #stages = new Map<string, StageCounts>();

  /** Cells that are older are what was there before: they count only by what they gain. */
  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  /** Events by kind since the export began. */
  add(pipeline: string, task: string, { ledger }: StageReport): Readonly<Partial<Record<TallyKind, number>>> {
    const key = JSON.stringify([pipeline, task, ledger.stage]);
    const known = this.#stages.get(key);
    const stage: StageCounts = known ?? { totals: {}, cells: new Map() };
    this.#stages.set(key, stage);
    const cells = new Map<string, number>();
    for (const { originMs, pathway, since, tallies } of ledger.cells) {
      const isOld = known === undefined && since < this.#startMs;
      for (const kind of tallyKinds) {
        const count = tallies[kind]?.count;
        if (count === undefined) continue;
        const cell = `${originMs}/${pathway}/${since}/${kind}`;
        const before = stage.cells.get(cell) ?? (isOld ? count : 0);
        stage.totals[kind] = (stage.totals[kind] ?? 0) + Math.max(0, count - before);
        cells.set(cell, count);
      }
    }
    stage.cells = cells;
    return stage.totals;
  }

  /** Forgets the stages of pipelines that are gone. */
  keep(pipelines: ReadonlySet<string>): void {
    for (const key of this.#stages.keys()) if (!pipelines.has(JSON.parse(key)[0])) this.#stages.delete(key);
  }
}

interface StageCounts {
  readonly totals: Partial<Record<TallyKind, number>>;
  /** Of the cells as last seen; those that are given up go. */
  cells: Map<string, number>;
}
