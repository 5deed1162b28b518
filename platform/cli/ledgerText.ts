import type { Ledger } from '../model/ledger.ts';
import { columns } from './session.ts';

/** The ledger as text: removed, kept with the reason, and what is left, which should be nothing. */
export function renderLedger({ removed, kept, left }: Ledger): string {
  const row = (mark: string, { kind, name, owner }: Ledger['left'][number], why = '') => [mark, kind, name, owner, why];
  const rows = [
    ...removed.map((entry) => row('  removed', entry)),
    ...kept.map((entry) => row('  kept', entry, entry.why)),
    ...left.map((entry) => row('  LEFT', entry)),
  ];
  return `${columns(rows)}\n${removed.length} removed, ${kept.length} kept, ${left.length} left behind`;
}
