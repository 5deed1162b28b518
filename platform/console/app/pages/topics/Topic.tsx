/** Messages of a topic, by offset or by time. Where one looks stands in the URL. */
import { useMemo, useState } from 'react';
import type { Message, TopicInfo } from '../../../../api/contract/data.ts';
import { useQuery } from '../../api/useQuery.ts';
import { formatExact } from '../../format/numbers.ts';
import type { PageProps } from '../../pages.ts';
import { hrefOf } from '../../shell/routing.ts';
import { refine } from '../../shell/usePlace.ts';
import { Answer } from '../../ui/Answer.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { PageHead } from '../../ui/PageHead.tsx';
import { Badge } from '../../ui/StateBadge.tsx';
import { Empty } from '../../ui/states.tsx';
import { Table } from '../../ui/Table.tsx';
import { MessageView } from './MessageView.tsx';
import { messageColumns, messageKey } from './messageColumns.tsx';
import { PositionForm } from './PositionForm.tsx';
import { messagesAsked, type Position, positionFault, positionFromUrl, positionToUrl, turnPage } from './position.ts';
import './topics.css';

export const pageSize = 50;

export function Topic({ params, query }: PageProps) {
  const [pipeline, name] = [params.pipeline ?? '', params.topic ?? ''];
  const found = useQuery('topics', { params: { pipeline } }, { everyMs: 15_000 });
  const topic = found.data?.find((each) => each.name === name || each.topic === name);
  if (topic !== undefined) return <View pipeline={pipeline} topic={topic} query={query} />;
  return (
    <>
      <PageHead title={name} up={{ href: hrefOf('/topics', { pipeline }), text: 'Topics' }} />
      <Answer of={found}>
        {() => (
          <Empty title={`${pipeline} has no topic ${name}`}>
            <p>
              See its <a href={hrefOf('/topics', { pipeline })}>topics</a>.
            </p>
          </Empty>
        )}
      </Answer>
    </>
  );
}

interface ViewProps {
  readonly pipeline: string;
  readonly topic: TopicInfo;
  readonly query: PageProps['query'];
}

function View({ pipeline, topic, query }: ViewProps) {
  const position = useMemo(() => positionFromUrl(query), [query]);
  const fault = positionFault(position, topic);
  const asked =
    fault === undefined
      ? { params: { pipeline, topic: topic.name }, query: { ...messagesAsked(position, pageSize) } }
      : null;
  const found = useQuery('messages', asked);
  const look = (next: Position) =>
    refine({ partition: undefined, offset: undefined, time: undefined, ...positionToUrl(next) });
  return (
    <>
      <PageHead
        title={topic.name}
        up={{ href: hrefOf('/topics', { pipeline }), text: 'Topics' }}
        beside={topic.isDeadLetter ? <Badge tone="warn">dead letters</Badge> : undefined}
      >
        <button type="button" onClick={found.reload}>
          <Icon name="refresh" /> Refresh
        </button>
      </PageHead>
      <div className="stack">
        <PositionForm key={JSON.stringify(position)} position={position} topic={topic} onLook={look} />
        {asked !== null && (
          <Answer of={found}>
            {(messages) => (
              <Messages pipeline={pipeline} topic={topic} position={position} messages={messages} onLook={look} />
            )}
          </Answer>
        )}
      </div>
    </>
  );
}

interface MessagesProps {
  readonly pipeline: string;
  readonly topic: TopicInfo;
  readonly position: Position;
  readonly messages: readonly Message[];
  readonly onLook: (position: Position) => void;
}

function Messages({ pipeline, topic, position, messages, onLook }: MessagesProps) {
  const [chosen, setChosen] = useState<string>();
  const wanted = messages.find(({ offset }) => position.mode === 'offset' && offset === position.offset);
  const current = messages.find((message) => messageKey(message) === chosen) ?? wanted ?? messages[0];
  if (current === undefined) {
    return (
      <Empty title="No message there">
        <p>The topic is empty from this place on, or its messages were removed by age.</p>
      </Empty>
    );
  }
  return (
    <div className="messages">
      <div className="stack">
        <Table
          label={`Messages of ${topic.name}`}
          columns={messageColumns((message) => setChosen(messageKey(message)))}
          rows={messages}
          rowKey={messageKey}
          isCurrent={(message) => message === current}
        />
        <Turning topic={topic} position={position} messages={messages} onLook={onLook} />
      </div>
      <MessageView pipeline={pipeline} message={current} topic={topic} />
    </div>
  );
}

/** By offset: for a topic with one partition, or one that was chosen. */
function Turning({ topic, position, messages, onLook }: Omit<MessagesProps, 'pipeline'>) {
  const partition = topic.partitions.length === 1 ? 0 : position.partition === '' ? null : Number(position.partition);
  if (partition === null) return <p className="muted">Choose a partition to turn pages by offset.</p>;
  const turn = (direction: 'older' | 'newer') => {
    const offset = turnPage(topic, partition, messages, pageSize, direction);
    const text = direction === 'older' ? 'Older' : 'Newer';
    const look = () => onLook({ mode: 'offset', partition: `${partition}`, offset: `${offset}`, time: '' });
    return (
      <button type="button" disabled={offset === undefined} onClick={look}>
        {text}
      </button>
    );
  };
  const bounds = topic.partitions.find((each) => each.partition === partition);
  return (
    <p className="row-actions">
      {turn('older')} {turn('newer')}
      <span className="muted">
        offsets {formatExact(bounds?.startOffset)} to {formatExact(bounds === undefined ? null : bounds.endOffset - 1)}
      </span>
    </p>
  );
}
