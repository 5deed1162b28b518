/** Tables of a pipeline. */
import type { TableInfo } from '../../../../api/contract/data.ts';
import { useQuery } from '../../api/useQuery.ts';
import { formatSeconds } from '../../format/times.ts';
import type { PageProps } from '../../pages.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { refine } from '../../shell/usePlace.ts';
import { Answer } from '../../ui/Answer.tsx';
import { PageHead } from '../../ui/PageHead.tsx';
import { NoPipeline, PipelineSelect, usePipelineChoice } from '../../ui/PipelineSelect.tsx';
import { Empty } from '../../ui/states.tsx';
import { type Column, Table } from '../../ui/Table.tsx';

export function Tables({ query }: PageProps) {
  const choice = usePipelineChoice(query.pipeline);
  const { chosen } = choice;
  return (
    <>
      <PageHead title="Tables">
        {chosen !== null && <PipelineSelect choice={choice} onChoose={(pipeline) => refine({ pipeline })} />}
      </PageHead>
      {chosen === null ? (
        <NoPipeline choice={choice} what="What a pipeline has found lies in tables." />
      ) : (
        <List pipeline={chosen} />
      )}
    </>
  );
}

function List({ pipeline }: { readonly pipeline: string }) {
  const found = useQuery('tables', { params: { pipeline } });
  return (
    <Answer of={found}>
      {(tables) =>
        tables.length === 0 ? (
          <Empty title={`${pipeline} has no tables`} />
        ) : (
          <Table label="Tables" columns={columnsOf(pipeline)} rows={tables} rowKey={({ name }) => name} />
        )
      }
    </Answer>
  );
}

function namesOf(table: TableInfo, key: 'partition' | 'clustering'): string {
  return table.columns
    .filter((column) => column.key === key)
    .map(({ name }) => name)
    .join(', ');
}

function columnsOf(pipeline: string): readonly Column<TableInfo>[] {
  return [
    {
      id: 'table',
      title: 'Table',
      sortBy: ({ name }) => name,
      cell: ({ name, table }) => (
        <>
          <a className="strong" href={hrefOf(`/tables/${segment(pipeline)}/${segment(name)}`)}>
            {name}
          </a>
          <div className="sub mono">{table}</div>
        </>
      ),
    },
    {
      id: 'partition',
      title: 'Partition key',
      cell: (table) => <span className="mono">{namesOf(table, 'partition')}</span>,
    },
    {
      id: 'clustering',
      title: 'Clustering key',
      cell: (table) => <span className="mono">{namesOf(table, 'clustering') || '–'}</span>,
    },
    {
      id: 'columns',
      title: 'Columns',
      numeric: true,
      sortBy: ({ columns }) => columns.length,
      cell: ({ columns }) => columns.length,
    },
    {
      id: 'ttl',
      title: 'Kept for',
      numeric: true,
      sortBy: ({ ttlSeconds }) => ttlSeconds,
      cell: ({ ttlSeconds }) => (ttlSeconds === null ? 'ever' : formatSeconds(ttlSeconds)),
    },
  ];
}
