import type { Message } from '../../../../api/contract/data.ts';
import { ForeignLine } from '../../ui/ForeignText.tsx';
import { Badge } from '../../ui/StateBadge.tsx';
import type { Column } from '../../ui/Table.tsx';
import { Time } from '../../ui/Time.tsx';

export function messageKey({ partition, offset }: Message): string {
  return `${partition}/${offset}`;
}

export function messageColumns(onChoose: (message: Message) => void): readonly Column<Message>[] {
  return [
    {
      id: 'offset',
      title: 'Partition / offset',
      sortBy: ({ partition, offset }) => partition * 1e15 + Number(offset),
      cell: (message) => (
        <button type="button" className="quiet mono" onClick={() => onChoose(message)}>
          <span className="sr-only">Show message </span>
          {message.partition} / {message.offset}
        </button>
      ),
    },
    {
      id: 'time',
      title: 'Time',
      sortBy: ({ timestampMs }) => timestampMs,
      cell: ({ timestampMs }) => <Time atMs={timestampMs} />,
    },
    {
      id: 'key',
      title: 'Key',
      sortBy: ({ key }) => key,
      cell: ({ key }) =>
        key === null ? <span className="muted">none</span> : <ForeignLine text={key} maxCharacters={40} />,
    },
    {
      id: 'value',
      title: 'Value',
      cell: ({ value, problem }) => (
        <>
          {problem !== null && <Badge tone="warn">does not fit</Badge>}{' '}
          {value === null ? <span className="muted">none</span> : <ForeignLine text={value} maxCharacters={90} />}
        </>
      ),
    },
  ];
}
