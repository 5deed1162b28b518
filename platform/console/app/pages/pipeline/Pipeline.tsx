/** One pipeline: its graph is the monitor. What it shows, and of which moment, stands in the query, so that it can be shared. */
import { useEffect, useMemo, useState } from 'react';
import type { PipelineGraph, PipelineSummary } from '../../../../api/contract/pipelines.ts';
import { useQuery } from '../../api/useQuery.ts';
import type { PageProps } from '../../pages.ts';
import { useLive, useNow } from '../../shell/context.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { refine } from '../../shell/usePlace.ts';
import { useShortcuts } from '../../shell/useShortcuts.ts';
import { PageHead } from '../../ui/PageHead.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Empty, FailureView, Loading } from '../../ui/states.tsx';
import { Age } from '../../ui/Time.tsx';
import { Actions } from './Actions.tsx';
import { GraphView } from './graph/GraphView.tsx';
import { chosenOf, guiltyOf, slowestOf } from './graph/stages.ts';
import { HopTable } from './HopTable.tsx';
import { LedgerStrip } from './ledger/LedgerStrip.tsx';
import { Objectives } from './Objectives.tsx';
import { Overview } from './Overview.tsx';
import { HopPanel } from './panel/HopPanel.tsx';
import { Scrubber } from './time/Scrubber.tsx';
import { momentOf, refreshMs, spanOf } from './time/spans.ts';
import './pipeline.css';

export function Pipeline({ params, query }: PageProps) {
  const pipeline = params.pipeline!;
  const summary = useLive((state) => state.summaries.get(pipeline));
  const listed = useLive((state) => state.listed);
  const up = { href: hrefOf('/pipelines'), text: 'Pipelines' };
  if (summary !== undefined) return <Monitor summary={summary} query={query} up={up} />;
  return (
    <>
      <PageHead title={pipeline} up={up} />
      {listed ? (
        <Empty title={`There is no pipeline ${pipeline}`}>
          <p>
            It was destroyed, or never deployed under this name: see the <a href={hrefOf('/operations')}>operations</a>,
            or deploy one from the <a href={hrefOf('/catalog')}>catalog</a>.
          </p>
        </Empty>
      ) : (
        <Loading />
      )}
    </>
  );
}

function Monitor(props: {
  readonly summary: PipelineSummary;
  readonly query: PageProps['query'];
  readonly up: { readonly href: string; readonly text: string };
}) {
  const { summary, query, up } = props;
  const { pipeline } = summary;
  const atMs = momentOf(query.at);
  const span = spanOf(query.span);
  const choose = (id: string | undefined) => refine({ show: id });
  const moment = (at: number | undefined) => refine({ at });
  const history = useHistory(pipeline, span.ms, atMs);
  const settledMs = useSettled(atMs, 80);
  const askedMs = atMs === undefined ? undefined : (settledMs ?? atMs);
  const { graph, failure, reload } = useGraph(pipeline, atMs, settledMs);
  const chosen = graph && chosenOf(graph, query.show);
  const guilty = graph && guiltyOf(graph);
  const shortcuts = useMemo(
    () => [{ keys: 'l', title: 'Show what is live', run: () => refine({ at: undefined }) }],
    [],
  );
  useShortcuts('Pipeline', shortcuts);

  return (
    <>
      <PageHead
        title={pipeline}
        up={up}
        beside={<StateBadge state={atMs === undefined ? summary.state : (graph?.state ?? 'unknown')} />}
      >
        <Actions summary={summary} />
      </PageHead>
      <p className="reason">
        {atMs === undefined ? summary.reason : graph?.reason}{' '}
        {atMs === undefined && summary.next !== null && <strong>{summary.next}</strong>}{' '}
        {atMs === undefined && (
          <span className="muted">
            So since <Age atMs={summary.sinceMs} />.
          </span>
        )}
        {(summary.state === 'deploying' || summary.state === 'destroying') && <Underway pipeline={pipeline} />}
        {guilty && (
          <button type="button" className="guilty" onClick={() => choose(guilty.edge.id)}>
            Most behind: {guilty.stage}
          </button>
        )}
      </p>
      <Overview
        summary={summary}
        slowest={graph && slowestOf(graph)}
        history={history}
        atMs={atMs}
        onMoment={moment}
        onChoose={choose}
      />
      <div className={chosen === undefined ? 'monitor' : 'monitor with-panel'}>
        <section className="card" aria-label="Graph">
          {graph !== undefined ? (
            <GraphView graph={graph} chosen={chosen?.id} onChoose={choose} />
          ) : failure !== undefined ? (
            <FailureView failure={failure} onRetry={reload} />
          ) : (
            <Loading />
          )}
          <Scrubber history={history} span={span} onSpan={(id) => refine({ span: id })} atMs={atMs} onMoment={moment} />
          {graph && <HopTable graph={graph} chosen={chosen?.id} onChoose={choose} />}
        </section>
        {graph && chosen && (
          <HopPanel
            graph={graph}
            chosen={chosen}
            history={history}
            atMs={atMs}
            askedMs={askedMs}
            onMoment={moment}
            onClose={() => choose(undefined)}
          />
        )}
      </div>
      <div className="below">
        <LedgerStrip pipeline={pipeline} atMs={atMs} />
        <Objectives pipeline={pipeline} atMs={atMs} />
      </div>
    </>
  );
}

/** Leads to the operation that is changing the pipeline right now. */
function Underway({ pipeline }: { readonly pipeline: string }) {
  const { data } = useQuery('operations', {}, { when: ({ type }) => type.startsWith('millrace.operation') });
  const running = data?.find((operation) => operation.pipeline === pipeline && operation.state === 'running');
  if (running === undefined) return null;
  return <a href={hrefOf(`/operations/${segment(running.id)}`)}>Follow the {running.kind}</a>;
}

/** Live from the stream, else of the moment. What was shown stays until the next is there: scrubbing does not flicker. */
function useGraph(pipeline: string, atMs: number | undefined, settled: number | undefined) {
  const live = useLive((state) => state.graphs.get(pipeline));
  // The stream tells of a pipeline when it is looked at: until then the graph is asked for.
  const wanted = settled !== undefined || live === undefined;
  const asked = useQuery('graph', wanted ? { params: { pipeline }, query: { atMs: settled } } : null);
  const [kept, setKept] = useState<PipelineGraph>();
  const found = atMs === undefined ? (live ?? asked.data) : asked.data;
  useEffect(() => {
    if (found !== undefined) setKept(found);
  }, [found]);
  const graph = found ?? (kept?.pipeline === pipeline ? kept : undefined);
  return { graph, failure: asked.failure, reload: asked.reload };
}

function useHistory(pipeline: string, spanMs: number, atMs: number | undefined) {
  const nowMs = useNow();
  // To a full step, so that it is asked for that often and not each second.
  const everyMs = refreshMs(spanMs);
  const live = Math.ceil(nowMs / everyMs) * everyMs;
  const toMs = Math.max(live, atMs ?? 0);
  const fromMs = Math.min(live - spanMs, atMs ?? live);
  const asked = useQuery('history', { params: { pipeline }, query: { fromMs, toMs, points: 300 } });
  const [kept, setKept] = useState(asked.data);
  useEffect(() => {
    if (asked.data !== undefined) setKept(asked.data);
  }, [asked.data]);
  return asked.data ?? (kept?.pipeline === pipeline ? kept : undefined);
}

/** The value once it has stood still for a moment. */
function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
