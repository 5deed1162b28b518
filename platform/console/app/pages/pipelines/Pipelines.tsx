/** All pipelines by their data, live. */
import type { PipelineSummary } from '../../../../api/contract/pipelines.ts';
import { formatRate } from '../../format/numbers.ts';
import { formatDuration, formatSeconds } from '../../format/times.ts';
import { useLive } from '../../shell/context.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { PageHead } from '../../ui/PageHead.tsx';
import { Sparkline } from '../../ui/Sparkline.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Empty, Loading } from '../../ui/states.tsx';
import { type Column, Table } from '../../ui/Table.tsx';
import { Balance } from './Balance.tsx';
import './pipelines.css';

/** Since this page was opened. */
function RateLine({ pipeline }: { readonly pipeline: string }) {
  const rates = useLive((state) => state.rates.get(pipeline));
  return rates === undefined || rates.length < 3 ? null : <Sparkline values={rates} />;
}

const urgency: readonly PipelineSummary['state'][] = [
  'failed',
  'stalled',
  'degraded',
  'destroying',
  'deploying',
  'flowing',
  'idle',
  'stopped',
];

const columns: readonly Column<PipelineSummary>[] = [
  {
    id: 'pipeline',
    title: 'Pipeline',
    sortBy: ({ pipeline }) => pipeline,
    cell: ({ pipeline, blueprint, revision }) => (
      <>
        <a className="strong" href={hrefOf(`/pipelines/${segment(pipeline)}`)}>
          {pipeline}
        </a>
        <div className="sub">{blueprint === '' ? 'not known' : `${blueprint} · revision ${revision}`}</div>
      </>
    ),
  },
  {
    id: 'state',
    title: 'State',
    // What needs a person comes first.
    sortBy: ({ state }) => urgency.indexOf(state),
    cell: ({ state, reason, next }) => (
      <>
        <StateBadge state={state} />
        <div className="sub">
          {reason}
          {next !== null && <span className="next"> {next}</span>}
        </div>
      </>
    ),
  },
  {
    id: 'rate',
    title: 'Rate',
    hint: 'Events a second that its ingresses took in',
    numeric: true,
    sortBy: ({ ratePerSecond }) => ratePerSecond,
    cell: ({ pipeline, ratePerSecond }) => (
      <>
        <RateLine pipeline={pipeline} />
        {formatRate(ratePerSecond)}
      </>
    ),
  },
  {
    id: 'p50',
    title: 'p50',
    hint: 'From the ingress to the stores’ acknowledgement',
    numeric: true,
    sortBy: ({ endToEnd }) => endToEnd?.p50Ms ?? null,
    cell: ({ endToEnd }) => formatDuration(endToEnd?.p50Ms),
  },
  {
    id: 'p99',
    title: 'p99',
    hint: 'From the ingress to the stores’ acknowledgement',
    numeric: true,
    sortBy: ({ endToEnd }) => endToEnd?.p99Ms ?? null,
    cell: ({ endToEnd }) => formatDuration(endToEnd?.p99Ms),
  },
  {
    id: 'lag',
    title: 'Lag',
    hint: 'Age of the oldest record that is not done',
    numeric: true,
    sortBy: ({ lagSeconds }) => lagSeconds,
    cell: ({ lagSeconds }) => formatSeconds(lagSeconds),
  },
  { id: 'ledger', title: 'Ledger', cell: ({ ledger }) => <Balance ledger={ledger} /> },
  {
    id: 'alerts',
    title: 'Alerts',
    numeric: true,
    sortBy: ({ alerts }) => alerts,
    cell: ({ alerts }) =>
      alerts === 0 ? <span className="muted">none</span> : <strong className="bad tone-text">{alerts} firing</strong>,
  },
];

export function Pipelines() {
  const listed = useLive((state) => state.listed);
  const summaries = useLive((state) => state.summaries);
  const rows = [...summaries.values()];
  return (
    <>
      <PageHead title="Pipelines">
        <a className="button primary" href={hrefOf('/catalog')}>
          Deploy a blueprint
        </a>
      </PageHead>
      {!listed && rows.length === 0 ? (
        <Loading />
      ) : rows.length === 0 ? (
        <Empty title="No pipeline yet">
          <p>
            Deploy one from the <a href={hrefOf('/catalog')}>catalog</a>, or with <code>./millrace deploy</code>.
          </p>
        </Empty>
      ) : (
        <Table
          label="Pipelines"
          columns={columns}
          rows={rows}
          rowKey={({ pipeline }) => pipeline}
          sorting={{ column: 'pipeline', direction: 'ascending' }}
        />
      )}
    </>
  );
}
