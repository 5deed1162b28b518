/** What is known of one node or hop: its charts, its sampled traces, its dead letters. */
import { useMemo } from 'react';
import type { History, PipelineGraph } from '../../../../../api/contract/pipelines.ts';
import { formatCount, formatRate } from '../../../format/numbers.ts';
import { formatDuration, formatLag, formatSeconds } from '../../../format/times.ts';
import { hrefOf } from '../../../shell/routing.ts';
import { Chart } from '../../../ui/Chart.tsx';
import { Icon } from '../../../ui/Icon.tsx';
import { StateBadge } from '../../../ui/StateBadge.tsx';
import type { Chosen } from '../graph/stages.ts';
import { behind } from './behind.ts';
import { DeadLetters } from './DeadLetters.tsx';
import { Pathways } from './Pathways.tsx';
import { SampledTraces, type SampledTracesProps, traceQueryOf } from './SampledTraces.tsx';
import { columnsOf } from './series.ts';
import './panel.css';

export interface HopPanelProps {
  readonly graph: PipelineGraph;
  readonly chosen: Chosen;
  readonly history: History | undefined;
  readonly atMs: number | undefined;
  /** `atMs` once it stands still: what is asked for is of then. */
  readonly askedMs: number | undefined;
  readonly onMoment: (atMs: number) => void;
  readonly onClose: () => void;
}

export function HopPanel({ graph, chosen, history, atMs, askedMs, onMoment, onClose }: HopPanelProps) {
  const { node, edge, stage } = chosen;
  const { pipeline } = graph;
  const title = node?.name ?? stage ?? `${nameOf(edge?.from)} → ${nameOf(edge?.to)}`;
  return (
    <aside className="card panel" aria-label={`Details of ${title}`}>
      <header>
        <div>
          <h2>{title}</h2>
          <p className="muted">
            {node?.kind ?? 'connection'}
            {edge !== undefined && ` · ${nameOf(edge.from)} → ${nameOf(edge.to)}`}
          </p>
        </div>
        <button type="button" className="quiet icon-button" aria-label="Close details" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div className="card-body stack">
        {node && (
          <p>
            <StateBadge state={node.state} /> {node.reason}
          </p>
        )}
        {edge && edge.stage !== null && (
          <Facts edge={edge} of={{ pipeline, stage: edge.stage, kind: node?.kind, atMs: askedMs }} />
        )}
        {stage === undefined ? (
          <p className="muted">Nothing is measured here; the hops that read and write it are.</p>
        ) : (
          <>
            <HopCharts history={history} stage={stage} atMs={atMs} onMoment={onMoment} />
            <Pathways pipeline={pipeline} stage={stage} atMs={askedMs} />
            <SampledTraces pipeline={pipeline} stage={stage} kind={node?.kind} atMs={askedMs} />
            <DeadLetters pipeline={pipeline} stage={stage} atMs={askedMs} />
          </>
        )}
        {node && node.tasks.length > 0 && <Tasks tasks={node.tasks} />}
      </div>
    </aside>
  );
}

/** The p99 leads to the traces behind it: those that took at least as long. */
function Facts({ edge, of }: { readonly edge: PipelineGraph['edges'][number]; readonly of: SampledTracesProps }) {
  const p99Ms = edge.latency?.p99Ms;
  return (
    <dl className="measures">
      <div>
        <dt>Rate</dt>
        <dd>{formatRate(edge.ratePerSecond)}</dd>
      </div>
      <div>
        <dt>p50</dt>
        <dd>{formatDuration(edge.latency?.p50Ms)}</dd>
      </div>
      <div>
        <dt>p99</dt>
        <dd>
          {p99Ms === undefined ? (
            formatDuration(p99Ms)
          ) : (
            <a
              href={hrefOf('/traces', { ...traceQueryOf(of), ...behind(p99Ms, of.atMs) })}
              title="Traces that took at least as long"
            >
              {formatDuration(p99Ms)}
              <span className="sr-only">: the traces behind it</span>
            </a>
          )}
        </dd>
      </div>
      <div>
        <dt>Lag</dt>
        <dd>
          {formatLag(edge)}
          {edge.lagRecords !== null && <small> {formatCount(edge.lagRecords)} rec.</small>}
        </dd>
      </div>
    </dl>
  );
}

function HopCharts(props: {
  readonly history: History | undefined;
  readonly stage: string;
  readonly atMs: number | undefined;
  readonly onMoment: (atMs: number) => void;
}) {
  const { history, stage, atMs, onMoment } = props;
  const columns = useMemo(() => columnsOf(history?.points ?? [], history?.stepMs ?? 10_000, stage), [history, stage]);
  const series = useMemo(
    () => ({
      rate: [{ title: 'events', colour: '--series-1', values: columns.rate }],
      latency: [
        { title: 'p99', colour: '--series-2', values: columns.p99 },
        { title: 'p50', colour: '--series-1', values: columns.p50 },
      ],
      lag: [{ title: 'oldest', colour: '--series-3', values: columns.lag }],
    }),
    [columns],
  );
  const common = { times: columns.times, together: 'hop', markMs: atMs, onPick: onMoment, height: 104 };
  return (
    <div className="stack">
      <Chart title="Rate" series={series.rate} format={formatRate} {...common} />
      <Chart title="Latency from the previous checkpoint" series={series.latency} format={formatDuration} {...common} />
      <Chart title="Lag" series={series.lag} format={formatSeconds} {...common} />
    </div>
  );
}

function Tasks({ tasks }: { readonly tasks: readonly string[] }) {
  return (
    <section>
      <h3>Carried by</h3>
      <ul className="tasks">
        {tasks.map((task) => (
          <li key={task}>
            <a className="mono" href={hrefOf('/logs', { task })} title={`Log of ${task}`}>
              {task}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function nameOf(id: string | undefined): string {
  return id === undefined ? '' : id.slice(id.indexOf(':') + 1);
}
