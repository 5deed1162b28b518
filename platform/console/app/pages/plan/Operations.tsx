/** Every deploy and change there was, newest first, and what runs now. */
import type { OperationView } from '../../../../api/contract/control.ts';
import { useQuery } from '../../api/useQuery.ts';
import { formatDuration } from '../../format/times.ts';
import { useNow } from '../../shell/context.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { Answer } from '../../ui/Answer.tsx';
import { PageHead } from '../../ui/PageHead.tsx';
import { Empty } from '../../ui/states.tsx';
import { type Column, Table } from '../../ui/Table.tsx';
import { Time } from '../../ui/Time.tsx';
import { OperationBadge } from './OperationBadge.tsx';
import { progressOf } from './timeline.ts';
import './plan.css';

export function Operations() {
  const found = useQuery(
    'operations',
    {},
    { when: ({ type }) => type.startsWith('millrace.operation'), everyMs: 15_000 },
  );
  return (
    <>
      <PageHead title="Operations">
        <a className="button primary" href={hrefOf('/catalog')}>
          Deploy a blueprint
        </a>
      </PageHead>
      <Answer of={found}>
        {(operations) =>
          operations.length === 0 ? (
            <Empty title="Nothing was done yet">
              <p>
                Deploys, scaling, restarts and teardowns are listed here. Begin in the{' '}
                <a href={hrefOf('/catalog')}>catalog</a>.
              </p>
            </Empty>
          ) : (
            <Table label="Operations" columns={columns} rows={operations} rowKey={({ id }) => id} />
          )
        }
      </Answer>
    </>
  );
}

const columns: readonly Column<OperationView>[] = [
  {
    id: 'operation',
    title: 'Operation',
    sortBy: ({ kind, pipeline }) => `${kind} ${pipeline}`,
    cell: ({ id, kind, pipeline, revision }) => (
      <>
        <a className="strong" href={hrefOf(`/operations/${segment(id)}`)}>
          {kind} {pipeline}
        </a>
        {revision !== null && <div className="sub">revision {revision}</div>}
      </>
    ),
  },
  {
    id: 'state',
    title: 'State',
    sortBy: ({ state }) => state,
    cell: ({ state, error }) => (
      <>
        <OperationBadge state={state} />
        {error !== null && <div className="sub">{error.message}</div>}
      </>
    ),
  },
  {
    id: 'steps',
    title: 'Steps',
    numeric: true,
    cell: (operation) => {
      const { done, total } = progressOf(operation, operation.startMs);
      return `${done} of ${total}`;
    },
  },
  {
    id: 'duration',
    title: 'Duration',
    numeric: true,
    sortBy: ({ startMs, endMs }) => (endMs === null ? null : endMs - startMs),
    cell: (operation) => <Took operation={operation} />,
  },
  {
    id: 'start',
    title: 'Started',
    numeric: true,
    sortBy: ({ startMs }) => startMs,
    cell: ({ startMs }) => <Time atMs={startMs} />,
  },
];

function Took({ operation }: { readonly operation: OperationView }) {
  return formatDuration(progressOf(operation, useNow()).durationMs);
}
