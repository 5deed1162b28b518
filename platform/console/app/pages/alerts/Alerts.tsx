/** Alerts of all pipelines, firing first. */
import type { Alert } from '../../../../api/contract/pipelines.ts';
import { useQuery } from '../../api/useQuery.ts';
import { formatDuration } from '../../format/times.ts';
import type { PageProps } from '../../pages.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { Answer } from '../../ui/Answer.tsx';
import { ForeignLine } from '../../ui/ForeignText.tsx';
import { PageHead } from '../../ui/PageHead.tsx';
import { Badge, StateBadge, type Tone } from '../../ui/StateBadge.tsx';
import { Empty } from '../../ui/states.tsx';
import { type Column, Table } from '../../ui/Table.tsx';
import { Age, Time } from '../../ui/Time.tsx';

export function Alerts({ query }: PageProps) {
  const found = useQuery('alerts', {}, { when: ({ type }) => type.startsWith('millrace.alert'), everyMs: 15_000 });
  return (
    <>
      <PageHead title="Alerts" />
      <Answer of={found}>
        {(all) => {
          const alerts = query.pipeline ? all.filter(({ pipeline }) => pipeline === query.pipeline) : all;
          return alerts.length === 0 ? (
            <Empty title="No alert has fired">
              <p>
                Objectives stand in the blueprint. An alert fires when their error budget is used up too fast, and is
                told here and to the webhook.
              </p>
            </Empty>
          ) : (
            <Table label="Alerts" columns={columns} rows={alerts} rowKey={({ id }) => id} />
          );
        }}
      </Answer>
    </>
  );
}

const deliveries: Readonly<Record<string, readonly [string, Tone]>> = {
  queued: ['on its way', 'busy'],
  delivered: ['delivered', 'good'],
  failed: ['not delivered', 'bad'],
};

const columns: readonly Column<Alert>[] = [
  { id: 'state', title: 'State', sortBy: ({ state }) => state, cell: ({ state }) => <StateBadge state={state} /> },
  {
    id: 'alert',
    title: 'Alert',
    sortBy: ({ name }) => name,
    cell: ({ name, text, next }) => (
      <>
        <strong>
          <ForeignLine text={name} />
        </strong>
        <div>
          <ForeignLine text={text} maxCharacters={1000} />
        </div>
        <div className="sub">
          <span className="muted">Next:</span> <ForeignLine text={next} maxCharacters={1000} />
        </div>
      </>
    ),
  },
  {
    id: 'pipeline',
    title: 'Pipeline',
    sortBy: ({ pipeline }) => pipeline,
    cell: ({ pipeline }) => (
      <a href={hrefOf(`/pipelines/${segment(pipeline)}`)}>
        <ForeignLine text={pipeline} />
      </a>
    ),
  },
  { id: 'severity', title: 'Severity', sortBy: ({ severity }) => severity, cell: ({ severity }) => severity },
  {
    id: 'since',
    title: 'Since',
    numeric: true,
    sortBy: ({ sinceMs }) => sinceMs,
    cell: ({ sinceMs }) => <Age atMs={sinceMs} />,
  },
  {
    id: 'resolved',
    title: 'Resolved',
    numeric: true,
    sortBy: ({ resolvedMs }) => resolvedMs,
    cell: ({ resolvedMs, sinceMs }) =>
      resolvedMs === null ? (
        '–'
      ) : (
        <>
          <Time atMs={resolvedMs} />
          <div className="sub">after {formatDuration(resolvedMs - sinceMs)}</div>
        </>
      ),
  },
  {
    id: 'delivery',
    title: 'Webhook',
    cell: ({ delivery, refusal }) => {
      if (delivery === null) return <span className="muted">none</span>;
      const [text, tone] = deliveries[delivery] ?? [delivery, 'off'];
      return (
        <>
          <Badge tone={tone}>{text}</Badge>
          {refusal !== null && (
            <div className="sub">
              <ForeignLine text={refusal.reason} maxCharacters={300} /> <Age atMs={refusal.atMs} />
            </div>
          )}
        </>
      );
    },
  },
];
