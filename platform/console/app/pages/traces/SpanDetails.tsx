import type { ApiTraceSpan } from '../../../../api/contract/traces.ts';
import { formatClockMs, formatDuration } from '../../format/times.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { ForeignBlock, ForeignLine } from '../../ui/ForeignText.tsx';
import { type SpanLink, spanLinks } from './spanLinks.ts';

export function SpanDetails(props: {
  readonly span: ApiTraceSpan;
  readonly pipeline: string | null;
  /** Its share of the critical path. */
  readonly criticalMs: number;
}) {
  const { span, pipeline, criticalMs } = props;
  const links = spanLinks(span, pipeline);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section className="card span-details" aria-labelledby="span-title" tabIndex={0}>
      <header>
        <h2 id="span-title">
          <ForeignLine text={span.name} maxCharacters={120} />
        </h2>
      </header>
      <div className="card-body stack">
        {span.error !== null && (
          <div className="bad span-fault">
            <strong>Failed</strong>
            <ForeignBlock text={span.error} label="Error of the span" />
          </div>
        )}
        {links.length > 0 && (
          <ul className="span-links" aria-label="What it worked on">
            {links.map((link) => (
              <li key={JSON.stringify(link)}>
                <a href={linkHref(link)}>{linkText(link)}</a>
              </li>
            ))}
          </ul>
        )}
        <dl className="facts">
          <dt>Service</dt>
          <dd>
            <ForeignLine text={span.service} /> <span className="muted">{span.kind}</span>
          </dd>
          <dt>Instance</dt>
          <dd>
            <ForeignLine text={span.instance} />
          </dd>
          <dt>Started</dt>
          <dd>
            {formatClockMs(span.startMs)} <span className="muted">+{formatDuration(span.offsetMs)}</span>
          </dd>
          <dt>Duration</dt>
          <dd>{formatDuration(span.durationMs)}</dd>
          <dt>Critical path</dt>
          <dd>{criticalMs > 0 ? `${formatDuration(criticalMs)} of the whole` : 'not on it'}</dd>
          <dt>Span id</dt>
          <dd>
            <code>
              <ForeignLine text={span.spanId} />
            </code>
          </dd>
        </dl>
        <Attributes attributes={span.attributes} />
      </div>
    </section>
  );
}

function Attributes({ attributes }: Pick<ApiTraceSpan, 'attributes'>) {
  const entries = Object.entries(attributes);
  return (
    <>
      <h3>Attributes</h3>
      {entries.length === 0 && <p className="muted">None.</p>}
      <dl className="attributes mono">
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>
              <ForeignLine text={name} maxCharacters={120} />
            </dt>
            <dd>
              <ForeignLine text={typeof value === 'string' ? value : JSON.stringify(value)} maxCharacters={600} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function linkHref(link: SpanLink): string {
  if (link.page === 'job') return hrefOf('/jobs', { pipeline: link.pipeline, job: link.job });
  if (link.page === 'table') {
    const path = `/tables/${segment(link.pipeline)}/${segment(link.table)}`;
    return hrefOf(path, { event: link.eventId ?? undefined });
  }
  const path = `/topics/${segment(link.pipeline)}/${segment(link.topic)}`;
  return hrefOf(path, { partition: link.partition ?? undefined, offset: link.offset ?? undefined });
}

function linkText(link: SpanLink): string {
  if (link.page === 'job') return `Job ${link.job}`;
  if (link.page === 'table') return `Rows of table ${link.table}${link.eventId === null ? '' : ' of this event'}`;
  if (link.offset === null) return `Topic ${link.topic}`;
  return `Message ${link.offset} of topic ${link.topic}${link.partition === null ? '' : `, partition ${link.partition}`}`;
}
