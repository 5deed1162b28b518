import type { TraceSummary } from '../../../../api/contract/traces.ts';
import { formatDuration } from '../../format/times.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { ForeignLine } from '../../ui/ForeignText.tsx';
import { Badge } from '../../ui/StateBadge.tsx';
import { type Column, Table } from '../../ui/Table.tsx';
import { Time } from '../../ui/Time.tsx';

function columnsOf(slowestMs: number): readonly Column<TraceSummary>[] {
  return [
    {
      id: 'name',
      title: 'Trace',
      sortBy: ({ name }) => name,
      cell: ({ traceId, name, eventId }) => (
        <>
          <a className="strong" href={hrefOf(`/traces/${segment(traceId)}`)}>
            <ForeignLine text={name} maxCharacters={120} />
          </a>
          <div className="sub mono">
            {eventId === null ? traceId : <ForeignLine text={eventId} maxCharacters={60} />}
          </div>
        </>
      ),
    },
    {
      id: 'service',
      title: 'Service',
      sortBy: ({ service }) => service,
      cell: ({ service }) => <ForeignLine text={service} />,
    },
    {
      id: 'pipeline',
      title: 'Pipeline',
      sortBy: ({ pipeline }) => pipeline,
      cell: ({ pipeline }) => (pipeline === null ? <span className="muted">–</span> : <ForeignLine text={pipeline} />),
    },
    {
      id: 'result',
      title: 'Result',
      sortBy: ({ errors }) => errors,
      cell: ({ errors }) =>
        errors === 0 ? <Badge tone="good">ok</Badge> : <Badge tone="bad">{`${errors} failed`}</Badge>,
    },
    { id: 'spans', title: 'Spans', numeric: true, sortBy: ({ spans }) => spans, cell: ({ spans }) => spans },
    {
      id: 'duration',
      title: 'Duration',
      numeric: true,
      sortBy: ({ durationMs }) => durationMs,
      cell: ({ durationMs }) => (
        <div className="duration">
          {formatDuration(durationMs)}
          <span className="duration-bar" aria-hidden="true">
            <span style={{ width: `${(Math.max(0, durationMs) / slowestMs) * 100}%` }} />
          </span>
        </div>
      ),
    },
    {
      id: 'start',
      title: 'Started',
      numeric: true,
      sortBy: ({ startMs }) => startMs,
      cell: ({ startMs }) => <Time atMs={startMs} />,
    },
  ];
}

export function TraceTable({ traces }: { readonly traces: readonly TraceSummary[] }) {
  const slowestMs = traces.reduce((most, { durationMs }) => Math.max(most, durationMs), 0.001);
  return <Table label="Traces" columns={columnsOf(slowestMs)} rows={traces} rowKey={({ traceId }) => traceId} />;
}
