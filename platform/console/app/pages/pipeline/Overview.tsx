import { useMemo } from 'react';
import type { History, PipelineSummary } from '../../../../api/contract/pipelines.ts';
import { formatRate } from '../../format/numbers.ts';
import { formatDuration, formatSeconds } from '../../format/times.ts';
import { Chart } from '../../ui/Chart.tsx';
import { Balance } from '../pipelines/Balance.tsx';
import type { Hop } from './graph/stages.ts';
import { columnsOf } from './panel/series.ts';
import { OfNow } from './time/OfNow.tsx';

/** The whole pipeline in four cells; each chart's click leads to that moment. */
export function Overview(props: {
  readonly summary: PipelineSummary;
  readonly slowest: Hop | undefined;
  readonly history: History | undefined;
  readonly atMs: number | undefined;
  readonly onMoment: (atMs: number) => void;
  readonly onChoose: (id: string) => void;
}) {
  const { summary, slowest, history, atMs, onMoment, onChoose } = props;
  const columns = useMemo(() => columnsOf(history?.points ?? [], history?.stepMs ?? 10_000), [history]);
  const series = useMemo(
    () => ({
      rate: [{ title: 'in', colour: '--series-1', values: columns.rate }],
      latency: [
        { title: 'p99', colour: '--series-2', values: columns.p99 },
        { title: 'p50', colour: '--series-1', values: columns.p50 },
      ],
      lag: [{ title: 'oldest', colour: '--series-3', values: columns.lag }],
    }),
    [columns],
  );
  const common = { times: columns.times, together: 'pipeline', markMs: atMs, onPick: onMoment, height: 138 };
  return (
    <section className="overview" aria-label="Overview">
      <div className="card">
        <Chart title="Rate" series={series.rate} format={formatRate} {...common} />
      </div>
      <div className="card">
        <Chart title="End to end" series={series.latency} format={formatDuration} {...common} />
      </div>
      <div className="card">
        <Chart title="Lag" series={series.lag} format={formatSeconds} {...common} />
      </div>
      <div className="card facts-card">
        <h3>Slowest hop</h3>
        {slowest === undefined ? (
          <p className="muted">None is measured yet.</p>
        ) : (
          <p>
            <button type="button" className="link" onClick={() => onChoose(slowest.edge.id)}>
              {slowest.stage}
            </button>{' '}
            p99 {formatDuration(slowest.edge.latency?.p99Ms)}
          </p>
        )}
        <h3>
          Ledger <OfNow atMs={atMs} />
        </h3>
        <div>
          <Balance ledger={summary.ledger} />
        </div>
        <h3>
          Alerts <OfNow atMs={atMs} />
        </h3>
        <p>
          {summary.alerts === 0 ? (
            'None is firing.'
          ) : (
            <strong className="bad tone-text">{summary.alerts} firing</strong>
          )}
        </p>
        <Endpoints endpoints={summary.endpoints} />
      </div>
    </section>
  );
}

function Endpoints({ endpoints }: { readonly endpoints: PipelineSummary['endpoints'] }) {
  const entries = Object.entries(endpoints);
  if (entries.length === 0) return null;
  return (
    <>
      <h3>Endpoints</h3>
      <dl className="facts">
        {entries.map(([name, url]) => (
          <div key={name} className="endpoint">
            <dt>{name}</dt>
            <dd className="mono">{url}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
