/** What a destroy removed, kept and left: nothing left behind is the proof. */
import type { RemovalLedger } from '../../../../api/contract/control.ts';
import { plural } from '../../format/numbers.ts';
import { ForeignLine } from '../../ui/ForeignText.tsx';
import { Badge, type Tone } from '../../ui/StateBadge.tsx';
import { type Column, Table } from '../../ui/Table.tsx';

interface Row {
  /** Its place in the ledger. Instances of a service share a port: the same line stands there for each. */
  readonly at: number;
  readonly outcome: 'removed' | 'kept' | 'left behind';
  readonly kind: string;
  readonly name: string;
  readonly owner: string;
  readonly why: string;
}

const tones: Readonly<Record<Row['outcome'], Tone>> = { removed: 'off', kept: 'calm', 'left behind': 'bad' };

/** What needs a person comes first. */
function rowsOf({ removed, kept, left }: RemovalLedger): readonly Row[] {
  return [
    ...left.map((entry) => ({ ...entry, outcome: 'left behind' as const, why: '' })),
    ...kept.map((entry) => ({ ...entry, outcome: 'kept' as const })),
    ...removed.map((entry) => ({ ...entry, outcome: 'removed' as const, why: '' })),
  ].map((row, at): Row => ({ ...row, at }));
}

const columns: readonly Column<Row>[] = [
  {
    id: 'outcome',
    title: 'Outcome',
    sortBy: ({ outcome }) => outcome,
    cell: ({ outcome }) => <Badge tone={tones[outcome]}>{outcome}</Badge>,
  },
  { id: 'kind', title: 'Kind', sortBy: ({ kind }) => kind, cell: ({ kind }) => kind },
  { id: 'name', title: 'Name', sortBy: ({ name }) => name, cell: ({ name }) => <ForeignLine text={name} /> },
  { id: 'owner', title: 'Owner', sortBy: ({ owner }) => owner, cell: ({ owner }) => <ForeignLine text={owner} /> },
  { id: 'why', title: 'Why', cell: ({ why }) => <ForeignLine text={why} /> },
];

export function Removal({ ledger }: { readonly ledger: RemovalLedger }) {
  const { removed, kept, left } = ledger;
  return (
    <section className="card removal" aria-labelledby="removal-title">
      <header>
        <h2 id="removal-title">What was removed</h2>
        <p className="muted">
          {removed.length} removed · {kept.length} kept ·{' '}
          <strong className={left.length > 0 ? 'bad tone-text' : 'good tone-text'}>
            {left.length === 0 ? 'nothing left behind' : `${plural(left.length, 'part')} left behind`}
          </strong>
        </p>
      </header>
      <Table label="What was removed" columns={columns} rows={rowsOf(ledger)} rowKey={({ at }) => `${at}`} />
    </section>
  );
}
