import type { GraphNode } from '../../../../../api/contract/pipelines.ts';
import { useQuery } from '../../../api/useQuery.ts';
import { plural } from '../../../format/numbers.ts';
import { formatDuration } from '../../../format/times.ts';
import { hrefOf, segment } from '../../../shell/routing.ts';
import { ForeignLine } from '../../../ui/ForeignText.tsx';
import { FailureView, Loading } from '../../../ui/states.tsx';
import { Age, Time } from '../../../ui/Time.tsx';
import { shortlyBefore } from '../time/spans.ts';

const shown = 8;

/** How the spans of a stage are known: flows and jobs name themselves on each, an ingress is a service of its own. */
export function traceQueryOf({ pipeline, stage, kind }: SampledTracesProps): Readonly<Record<string, string>> {
  if (kind === 'job') return { pipeline, attribute: `millrace.job=${stage}` };
  if (kind === 'ingress') return { pipeline, service: `${pipeline}.${stage}` };
  return { pipeline, attribute: `millrace.flow=${stage}` };
}

export interface SampledTracesProps {
  readonly pipeline: string;
  readonly stage: string;
  /** Of the node that is measured. */
  readonly kind: GraphNode['kind'] | undefined;
  /** The moment that is shown; undefined: the present. */
  readonly atMs?: number | undefined;
}

/** Newest traces that came through the hop, of the moment that is shown; each leads to its waterfall. */
export function SampledTraces(props: SampledTracesProps) {
  const { atMs } = props;
  const query = traceQueryOf(props);
  const time = atMs === undefined ? undefined : shortlyBefore(atMs);
  const asked = useQuery('traces', { query: { ...query, ...time, limit: shown } }, time ? {} : { everyMs: 10_000 });
  const all = { ...query, from: time?.fromMs, to: time?.toMs };
  return (
    <section aria-labelledby="hop-traces">
      <h3 id="hop-traces">
        Sampled traces <a href={hrefOf('/traces', all)}>all of them</a>
      </h3>
      {asked.data === undefined ? (
        asked.failure === undefined ? (
          <Loading />
        ) : (
          <FailureView failure={asked.failure} onRetry={asked.reload} />
        )
      ) : asked.data.traces.length === 0 ? (
        <p className="muted">
          {time === undefined ? 'None has been sampled here.' : 'None is kept of the 15 minutes before that moment.'}
        </p>
      ) : (
        <ul className="lines">
          {asked.data.traces.map(({ traceId, name, startMs, durationMs, spans, errors }) => (
            <li key={traceId}>
              <a href={hrefOf(`/traces/${segment(traceId)}`)}>
                <span className="grow">
                  <ForeignLine text={name} />
                </span>
                {errors > 0 && <span className="bad tone-text">{plural(errors, 'error')}</span>}
                <span className="muted">{plural(spans, 'span')}</span>
                <strong>{formatDuration(durationMs)}</strong>
                <span className="muted">{time === undefined ? <Age atMs={startMs} /> : <Time atMs={startMs} />}</span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
