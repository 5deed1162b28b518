import { formatExact } from '../../format/numbers.ts';
import { ForeignLine } from '../../ui/ForeignText.tsx';
import { Table } from '../../ui/Table.tsx';
import type { DropRow } from './drops.ts';

interface DropsProps {
  readonly drops: readonly DropRow[];
  /** Tasks that did not say what they dropped. */
  readonly silent: readonly string[];
}

export function Drops({ drops, silent }: DropsProps) {
  return (
    <section className="stack" aria-labelledby="drops-title">
      <h2 id="drops-title">What was dropped</h2>
      {drops.length === 0 ? (
        <p className="muted">
          Nothing. When telemetry is slow, full or down, it is dropped and counted here; the data never waits for it.
        </p>
      ) : (
        <Table
          label="What was dropped"
          rows={drops}
          rowKey={({ task, what, why }) => `${task} ${what} ${why}`}
          columns={[
            { id: 'where', title: 'Where', sortBy: ({ task }) => task ?? '', cell: ({ task }) => task ?? 'the store' },
            { id: 'what', title: 'What', sortBy: ({ what }) => what, cell: ({ what }) => what },
            { id: 'why', title: 'Why', sortBy: ({ why }) => why, cell: ({ why }) => <ForeignLine text={why} /> },
            {
              id: 'count',
              title: 'Count',
              numeric: true,
              sortBy: ({ count }) => count,
              cell: ({ count }) => formatExact(count),
            },
          ]}
        />
      )}
      {silent.length > 0 && <p className="muted">Not told by tasks that do not answer: {silent.join(', ')}.</p>}
    </section>
  );
}
