/** What a stage counts of one window and pathway, while it counts. */
import { type LedgerCell, type TallyKind, tallyKinds } from './cell.ts';
import { Tally, type TallyValue } from './tally.ts';

export interface Cell {
  readonly since: number;
  readonly originMs: number;
  readonly pathway: string;
  readonly tallies: Partial<Record<TallyKind, Tally>>;
  /** Whether it has changed since it was written. */
  touched: boolean;
}

export function cellOf({ originMs, pathway, since, tallies }: LedgerCell): Cell {
  const cell: Cell = { since, originMs, pathway, tallies: {}, touched: false };
  addTo(cell, tallies);
  return cell;
}

export function addTo(cell: Cell, tallies: LedgerCell['tallies']): void {
  for (const kind of tallyKinds) {
    const value = tallies[kind];
    if (value === undefined) continue;
    cell.tallies[kind] ??= new Tally();
    cell.tallies[kind].merge(value);
  }
}

export function cellValue({ originMs, pathway, since, tallies }: Cell): LedgerCell {
  const values: Partial<Record<TallyKind, TallyValue>> = {};
  for (const kind of tallyKinds) {
    const tally = tallies[kind];
    if (tally !== undefined) values[kind] = tally.value();
  }
  return { originMs, pathway, since, tallies: values };
}
