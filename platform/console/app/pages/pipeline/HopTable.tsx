import { useState } from 'react';
import type { PipelineGraph } from '../../../../api/contract/pipelines.ts';
import { formatExact, formatRate } from '../../format/numbers.ts';
import { formatDuration, formatLag } from '../../format/times.ts';
import { type Column, Table } from '../../ui/Table.tsx';
import { lateSeconds } from './graph/EdgeView.tsx';
import { type Hop, stagesOf } from './graph/stages.ts';

/** The graph's measures as a table: the same, to be read, sorted and reached by keyboard. */
export function HopTable(props: {
  readonly graph: PipelineGraph;
  readonly chosen: string | undefined;
  readonly onChoose: (id: string) => void;
}) {
  const { graph, chosen, onChoose } = props;
  // A thousand rows that nobody sees would cost more than the graph.
  const [open, setOpen] = useState(false);
  const columns: readonly Column<Hop>[] = [
    {
      id: 'hop',
      title: 'Hop',
      sortBy: ({ stage }) => stage,
      cell: ({ stage, edge }) => (
        <button type="button" className="link" onClick={() => onChoose(edge.id)}>
          {stage}
        </button>
      ),
    },
    {
      id: 'kind',
      title: 'Kind',
      sortBy: ({ node }) => node?.kind ?? null,
      cell: ({ node }) => <span className="muted">{node?.kind ?? ''}</span>,
    },
    ...measures,
  ];
  return (
    <details className="hops" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Hops as a table</summary>
      {open && (
        <Table
          label="Hops"
          columns={columns}
          rows={stagesOf(graph)}
          rowKey={({ edge }) => edge.id}
          isCurrent={({ edge, node }) => edge.id === chosen || node?.id === chosen}
        />
      )}
    </details>
  );
}

const measures: readonly Column<Hop>[] = [
  {
    id: 'rate',
    title: 'Rate',
    numeric: true,
    sortBy: ({ edge }) => edge.ratePerSecond,
    cell: ({ edge }) => formatRate(edge.ratePerSecond),
  },
  {
    id: 'p50',
    title: 'p50',
    numeric: true,
    sortBy: ({ edge }) => edge.latency?.p50Ms ?? null,
    cell: ({ edge }) => formatDuration(edge.latency?.p50Ms),
  },
  {
    id: 'p99',
    title: 'p99',
    numeric: true,
    sortBy: ({ edge }) => edge.latency?.p99Ms ?? null,
    cell: ({ edge }) => formatDuration(edge.latency?.p99Ms),
  },
  {
    id: 'lag',
    title: 'Lag',
    numeric: true,
    sortBy: ({ edge }) => edge.lagSeconds,
    cell: ({ edge }) => (
      <span className={(edge.lagSeconds ?? 0) >= lateSeconds ? 'warn tone-text' : undefined}>{formatLag(edge)}</span>
    ),
  },
  {
    id: 'records',
    title: 'Lag, records',
    numeric: true,
    sortBy: ({ edge }) => edge.lagRecords,
    cell: ({ edge }) => formatExact(edge.lagRecords),
  },
];
