/** Topics of a pipeline. */
import type { TopicInfo } from '../../../../api/contract/data.ts';
import { useQuery } from '../../api/useQuery.ts';
import { formatCount, plural } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import type { PageProps } from '../../pages.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { refine } from '../../shell/usePlace.ts';
import { Answer } from '../../ui/Answer.tsx';
import { PageHead } from '../../ui/PageHead.tsx';
import { NoPipeline, PipelineSelect, usePipelineChoice } from '../../ui/PipelineSelect.tsx';
import { Badge } from '../../ui/StateBadge.tsx';
import { Empty } from '../../ui/states.tsx';
import { type Column, Table } from '../../ui/Table.tsx';

export function Topics({ query }: PageProps) {
  const choice = usePipelineChoice(query.pipeline);
  const { chosen } = choice;
  return (
    <>
      <PageHead title="Topics">
        {chosen !== null && <PipelineSelect choice={choice} onChoose={(pipeline) => refine({ pipeline })} />}
      </PageHead>
      {chosen === null ? (
        <NoPipeline choice={choice} what="A pipeline’s events lie in topics." />
      ) : (
        <List pipeline={chosen} />
      )}
    </>
  );
}

function List({ pipeline }: { readonly pipeline: string }) {
  const found = useQuery('topics', { params: { pipeline } }, { everyMs: 5000 });
  return (
    <Answer of={found}>
      {(topics) =>
        topics.length === 0 ? (
          <Empty title={`${pipeline} has no topics`} />
        ) : (
          <Table label="Topics" columns={columnsOf(pipeline)} rows={topics} rowKey={({ topic }) => topic} />
        )
      }
    </Answer>
  );
}

function recordsOf({ partitions }: TopicInfo): number {
  return partitions.reduce((sum, { startOffset, endOffset }) => sum + Math.max(0, endOffset - startOffset), 0);
}

function columnsOf(pipeline: string): readonly Column<TopicInfo>[] {
  return [
    {
      id: 'topic',
      title: 'Topic',
      sortBy: ({ name }) => name,
      cell: (topic) => (
        <>
          <a className="strong" href={hrefOf(`/topics/${segment(pipeline)}/${segment(topic.name)}`)}>
            {topic.name}
          </a>{' '}
          {/* An empty one is how it should be. */}
          {topic.isDeadLetter && <Badge tone={recordsOf(topic) > 0 ? 'warn' : 'off'}>dead letters</Badge>}
          <div className="sub mono">{topic.topic}</div>
        </>
      ),
    },
    {
      id: 'partitions',
      title: 'Partitions',
      numeric: true,
      sortBy: ({ partitions }) => partitions.length,
      cell: ({ partitions }) => partitions.length,
    },
    {
      id: 'records',
      title: 'Records kept',
      hint: 'Newest minus oldest offset, all partitions together',
      numeric: true,
      sortBy: recordsOf,
      cell: (topic) => formatCount(recordsOf(topic)),
    },
    {
      id: 'retention',
      title: 'Kept for',
      numeric: true,
      sortBy: ({ retentionMs }) => retentionMs,
      cell: ({ retentionMs }) => formatDuration(retentionMs),
    },
    {
      id: 'fields',
      title: 'Fields',
      cell: ({ fields }) =>
        fields.length === 0 ? (
          <span className="muted">no schema</span>
        ) : (
          <span title={fields.map(({ name }) => name).join(', ')}>{plural(fields.length, 'field')}</span>
        ),
    },
  ];
}
