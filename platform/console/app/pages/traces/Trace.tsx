/** One trace: who did what when, across HTTP, Kafka, Spark and the stores. */
import { useMemo, useState } from 'react';
import type { ApiTrace } from '../../../../api/contract/traces.ts';
import { useQuery } from '../../api/useQuery.ts';
import { plural } from '../../format/numbers.ts';
import { formatDateTime, formatDuration } from '../../format/times.ts';
import { plainLine } from '../../format/visibleText.ts';
import type { PageProps } from '../../pages.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { refine } from '../../shell/usePlace.ts';
import { Answer } from '../../ui/Answer.tsx';
import { ForeignLine } from '../../ui/ForeignText.tsx';
import { PageHead } from '../../ui/PageHead.tsx';
import { Badge } from '../../ui/StateBadge.tsx';
import { Empty } from '../../ui/states.tsx';
import { criticalPath } from './criticalPath.ts';
import { SpanDetails } from './SpanDetails.tsx';
import { Waterfall } from './Waterfall.tsx';
import { parentsOf } from './waterfall.ts';
import './traces.css';

export function Trace({ params, query }: PageProps) {
  const traceId = params.trace ?? '';
  const found = useQuery('trace', { params: { traceId } });
  return (
    <>
      <PageHead
        title={plainLine(found.data?.spans[0]?.name ?? 'Trace', 80)}
        up={{ href: hrefOf('/traces'), text: 'Traces' }}
      >
        <button type="button" onClick={found.reload}>
          Refresh
        </button>
      </PageHead>
      <Answer of={found}>{(trace) => <View trace={trace} spanId={query.span} />}</Answer>
    </>
  );
}

function View({ trace, spanId }: { readonly trace: ApiTrace; readonly spanId: string | undefined }) {
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const critical = useMemo(() => criticalPath(trace.spans), [trace]);
  const chosen = trace.spans.find((span) => span.spanId === spanId) ?? trace.spans[0];
  if (chosen === undefined) return <Empty title="This trace has no spans" />;
  return (
    <div className="stack">
      <Facts trace={trace} />
      <div className="trace-columns">
        <section className="card" aria-labelledby="waterfall-title">
          <header>
            <h2 id="waterfall-title">Waterfall</h2>
            <span className="row-actions">
              <span className="critical-key muted">critical path</span>
              <button type="button" className="quiet" onClick={() => setCollapsed(new Set())}>
                Expand all
              </button>
              <button type="button" className="quiet" onClick={() => setCollapsed(new Set(parentsOf(trace.spans)))}>
                Collapse all
              </button>
            </span>
          </header>
          <Waterfall
            trace={trace}
            critical={critical.spanIds}
            collapsed={collapsed}
            chosen={chosen.spanId}
            onCollapse={setCollapsed}
            onChoose={(span) => refine({ span })}
          />
        </section>
        <SpanDetails span={chosen} pipeline={trace.pipeline} criticalMs={critical.selfMs.get(chosen.spanId) ?? 0} />
      </div>
    </div>
  );
}

function Facts({ trace }: { readonly trace: ApiTrace }) {
  const { traceId, pipeline, eventId, services, spans, durationMs } = trace;
  const errors = spans.filter(({ error }) => error !== null).length;
  return (
    <dl className="fact-row">
      <Fact term="Duration">{formatDuration(durationMs)}</Fact>
      <Fact term="Started">{formatDateTime(Date.parse(trace.startedAt))}</Fact>
      <Fact term="Spans">{`${plural(spans.length, 'span')} of ${plural(services.length, 'service')}`}</Fact>
      <Fact term="Result">
        {errors === 0 ? <Badge tone="good">ok</Badge> : <Badge tone="bad">{`${errors} failed`}</Badge>}
      </Fact>
      {pipeline !== null && (
        <Fact term="Pipeline">
          <a href={hrefOf(`/pipelines/${segment(pipeline)}`)}>
            <ForeignLine text={pipeline} />
          </a>
        </Fact>
      )}
      {eventId !== null && (
        <Fact term="Event">
          <ForeignLine text={eventId} maxCharacters={80} />
        </Fact>
      )}
      <Fact term="Trace id">
        <code>{traceId}</code>
      </Fact>
    </dl>
  );
}

function Fact({ term, children }: { readonly term: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}
