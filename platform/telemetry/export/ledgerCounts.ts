/**
 * Counters that only grow out of the ledger's pages, whose windows come and go: what each cell has gained since it was last
 * seen is added up by stage and kind. A page may be cut (`?since=`): a cell that it leaves out is remembered.
 */
import { type LedgerCell, type TallyKind, tallyKinds } from '../conservation/cell.ts';
import type { StageReport } from '../stageMeter.ts';

/** Cells that are remembered of a stage: as many as it keeps itself. The oldest windows go first, and count no more. */
const defaultMaxCells = 4096;

type Counts = Partial<Record<TallyKind, number>>;

export class LedgerCounts {
  readonly #startMs: number;
  readonly #maxCells: number;
  readonly #stages = new Map<string, Stage>();

  /** Cells that are older than `startMs` are what was there before: they count only by what they gain. */
  constructor(startMs: number, maxCells = defaultMaxCells) {
    this.#startMs = startMs;
    this.#maxCells = maxCells;
  }

  /** Events by kind since the export began. */
  add(pipeline: string, task: string, { ledger }: Pick<StageReport, 'ledger'>): Readonly<Counts> {
    const key = JSON.stringify([pipeline, task, ledger.stage]);
    const known = this.#stages.get(key);
    const stage: Stage = known ?? { totals: {}, cells: new Map(), floorMs: Number.NEGATIVE_INFINITY };
    this.#stages.set(key, stage);
    for (const cell of ledger.cells) {
      if (cell.originMs > stage.floorMs) this.#gain(stage, cell, known === undefined && cell.since < this.#startMs);
    }
    if (stage.cells.size > this.#maxCells) forget(stage, this.#maxCells);
    return stage.totals;
  }

  #gain({ cells, totals }: Stage, { originMs, pathway, since, tallies }: LedgerCell, wasThere: boolean): void {
    const key = `${originMs}/${pathway}/${since}`;
    const known = cells.get(key);
    const counts: Counts = known?.counts ?? {};
    for (const kind of tallyKinds) {
      const count = tallies[kind]?.count;
      if (count === undefined) continue;
      const before = known === undefined && wasThere ? count : (counts[kind] ?? 0);
      totals[kind] = (totals[kind] ?? 0) + Math.max(0, count - before);
      counts[kind] = count;
    }
    if (known === undefined) cells.set(key, { originMs, counts });
  }

  /** Forgets the stages of pipelines that are gone. */
  keep(pipelines: ReadonlySet<string>): void {
    for (const key of this.#stages.keys()) if (!pipelines.has(JSON.parse(key)[0])) this.#stages.delete(key);
  }
}

interface Stage {
  readonly totals: Counts;
  readonly cells: Map<string, { readonly originMs: number; readonly counts: Counts }>;
  /** Windows that began then or before are forgotten. */
  floorMs: number;
}

/** An eighth at once, so that a full stage is not sorted at every look. */
function forget(stage: Stage, maxCells: number): void {
  const byAge = [...stage.cells].sort(([, one], [, other]) => one.originMs - other.originMs);
  const { originMs } = byAge[byAge.length - maxCells + (maxCells >> 3)]![1];
  stage.floorMs = originMs;
  for (const [key, cell] of byAge) if (cell.originMs <= originMs) stage.cells.delete(key);
}
