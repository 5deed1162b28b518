/** One message: its fields by the topic's schema, its headers, and its value as it was sent. All of it is text. */
import type { Message, TopicInfo } from '../../../../api/contract/data.ts';
import { prettyJson } from '../../format/prettyJson.ts';
import { formatDateTime } from '../../format/times.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { ForeignBlock, ForeignLine } from '../../ui/ForeignText.tsx';
import { type Origin, originOf, traceIdOf } from './origin.ts';

interface MessageProps {
  readonly pipeline: string;
  readonly message: Message;
  readonly topic: TopicInfo;
}

export function MessageView({ pipeline, message, topic }: MessageProps) {
  const { partition, offset, timestampMs, key, value, truncated, headers, decoded, problem } = message;
  const traceId = traceIdOf(headers.traceparent);
  const origin = originOf(headers, pipeline);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section className="card message" aria-labelledby="message-title" tabIndex={0}>
      <header>
        <h2 id="message-title">
          Message {offset} of partition {partition}
        </h2>
        {traceId !== null && <a href={hrefOf(`/traces/${segment(traceId)}`)}>Its trace</a>}
      </header>
      <div className="card-body stack">
        {problem !== null && (
          <p className="fault">
            <strong>It does not fit the topic’s schema:</strong> <ForeignLine text={problem} />
          </p>
        )}
        {origin !== undefined && <DeadLetter pipeline={pipeline} origin={origin} />}
        <dl className="facts">
          <dt>Time</dt>
          <dd>{formatDateTime(timestampMs)}</dd>
          <dt>Key</dt>
          <dd>{key === null ? <span className="muted">none</span> : <ForeignLine text={key} />}</dd>
        </dl>
        {decoded !== null && <Fields decoded={decoded} topic={topic} />}
        <h3>Value as it was sent</h3>
        {value === null ? (
          <p className="muted">None: a tombstone.</p>
        ) : (
          <ForeignBlock key={`${partition}/${offset}`} text={prettyJson(value) ?? value} label="Value of the message" />
        )}
        {truncated && <p className="muted">Only its first 64 KiB are shown.</p>}
        <h3>Headers</h3>
        <Pairs pairs={Object.entries(headers)} />
      </div>
    </section>
  );
}

function Fields({
  decoded,
  topic,
}: {
  readonly decoded: Readonly<Record<string, unknown>>;
  readonly topic: TopicInfo;
}) {
  const docs = new Map(topic.fields.map(({ name, type, doc }) => [name, `${type} – ${doc}`]));
  return (
    <>
      <h3>By its schema</h3>
      <dl className="attributes">
        {Object.entries(decoded).map(([name, value]) => (
          <div key={name} title={docs.get(name)}>
            <dt>
              <ForeignLine text={name} />
            </dt>
            <dd className="mono">
              {value === null ? (
                <span className="muted">null</span>
              ) : (
                <ForeignLine text={typeof value === 'string' ? value : JSON.stringify(value)} />
              )}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

/** Of a dead letter: why it is one, and the record that it was. */
function DeadLetter({ pipeline, origin }: { readonly pipeline: string; readonly origin: Origin }) {
  const { reason, detail, flow, topic, partition, offset } = origin;
  return (
    <div className="dead-letter">
      <p>
        <strong>
          <ForeignLine text={reason} />
        </strong>{' '}
        in <ForeignLine text={flow} />
      </p>
      {detail !== '' && (
        <p>
          <ForeignLine text={detail} maxCharacters={500} />
        </p>
      )}
      {topic !== null && partition !== null && offset !== null && (
        <p>
          <a href={hrefOf(`/topics/${segment(pipeline)}/${segment(topic)}`, { partition, offset })}>
            The record that it was
          </a>
        </p>
      )}
    </div>
  );
}

function Pairs({ pairs }: { readonly pairs: readonly (readonly [string, string])[] }) {
  if (pairs.length === 0) return <p className="muted">None.</p>;
  return (
    <dl className="attributes mono">
      {pairs.map(([name, value]) => (
        <div key={name}>
          <dt>
            <ForeignLine text={name} />
          </dt>
          <dd>
            <ForeignLine text={value} maxCharacters={600} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
