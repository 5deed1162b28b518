import { useQuery } from '../../../api/useQuery.ts';
import { formatExact, plural } from '../../../format/numbers.ts';
import { formatDuration } from '../../../format/times.ts';
import { FailureView, Loading } from '../../../ui/states.tsx';
import { type Column, Table } from '../../../ui/Table.tsx';
import { OfNow } from '../time/OfNow.tsx';
import { type PathwayRow, wayOf } from './ways.ts';

export interface PathwaysProps {
  readonly pipeline: string;
  readonly stage: string;
  /** Undefined: the page is of now. */
  readonly atMs: number | undefined;
}

/** By which ways events came to this stage, since its tasks started: how many, and how long they took. No past is kept of them. */
export function Pathways({ pipeline, stage, atMs }: PathwaysProps) {
  const asked = useQuery('pathways', { params: { pipeline }, query: { stage } }, { everyMs: 10_000 });
  const checkpoint = asked.data?.checkpoints[0];
  return (
    <section aria-labelledby="hop-pathways">
      <h3 id="hop-pathways">
        Pathways <OfNow atMs={atMs} />
      </h3>
      {asked.data === undefined ? (
        asked.failure === undefined ? (
          <Loading />
        ) : (
          <FailureView failure={asked.failure} onRetry={asked.reload} />
        )
      ) : checkpoint === undefined || checkpoint.pathways.length === 0 ? (
        <p className="muted">No event has passed since its tasks started.</p>
      ) : (
        <>
          <Table label="Pathways" columns={columns} rows={checkpoint.pathways} rowKey={({ pathway }) => pathway} />
          {checkpoint.withoutHeader > 0 && (
            <p className="muted">{plural(checkpoint.withoutHeader, 'event')} came without a pathway header.</p>
          )}
        </>
      )}
    </section>
  );
}

const columns: readonly Column<PathwayRow>[] = [
  { id: 'way', title: 'Way', sortBy: wayOf, cell: (row) => <span title={row.pathway}>{wayOf(row)}</span> },
  {
    id: 'events',
    title: 'Events',
    numeric: true,
    sortBy: ({ count }) => count,
    cell: ({ count }) => formatExact(count),
  },
  {
    id: 'p50',
    title: 'p50',
    numeric: true,
    sortBy: ({ edge }) => edge?.p50Ms ?? null,
    cell: ({ edge }) => formatDuration(edge?.p50Ms),
  },
  {
    id: 'p99',
    title: 'p99',
    numeric: true,
    sortBy: ({ edge }) => edge?.p99Ms ?? null,
    cell: ({ edge }) => formatDuration(edge?.p99Ms),
  },
  {
    id: 'end',
    title: 'From the ingress, p99',
    numeric: true,
    sortBy: ({ endToEnd }) => endToEnd?.p99Ms ?? null,
    cell: ({ endToEnd }) => formatDuration(endToEnd?.p99Ms),
  },
  {
    id: 'skewed',
    title: 'Clock skewed',
    numeric: true,
    sortBy: ({ clockSkewed }) => clockSkewed,
    cell: ({ clockSkewed }) => formatExact(clockSkewed),
  },
];
