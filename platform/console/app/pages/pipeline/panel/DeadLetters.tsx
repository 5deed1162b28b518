import type { DeadLetter } from '../../../../../api/contract/data.ts';
import { useQuery } from '../../../api/useQuery.ts';
import { ForeignBlock, ForeignLine } from '../../../ui/ForeignText.tsx';
import { FailureView, Loading } from '../../../ui/states.tsx';
import { Age, Time } from '../../../ui/Time.tsx';

/** What the stage gave up, and why. A payload is anybody's: it is shown as text, and as nothing else. */
export function DeadLetters(props: {
  readonly pipeline: string;
  readonly stage: string;
  /** The moment that is shown: what was given up until then. Undefined: the present. */
  readonly atMs: number | undefined;
}) {
  const { pipeline, stage, atMs } = props;
  const toMs = atMs === undefined ? undefined : Math.ceil(atMs);
  const query = { stage, limit: 20, toMs };
  const asked = useQuery('deadLetters', { params: { pipeline }, query }, toMs === undefined ? { everyMs: 15_000 } : {});
  return (
    <section aria-labelledby="hop-dead">
      <h3 id="hop-dead">Dead letters</h3>
      {asked.data === undefined ? (
        asked.failure === undefined ? (
          <Loading />
        ) : (
          <FailureView failure={asked.failure} onRetry={asked.reload} />
        )
      ) : asked.data.length === 0 ? (
        <p className="muted">
          {atMs === undefined
            ? 'None. Every event that this stage read was handled.'
            : 'None until that moment that is still kept.'}
        </p>
      ) : (
        asked.data.map((letter) => (
          <Letter key={`${letter.partition}/${letter.offset}`} letter={letter} isPast={atMs !== undefined} />
        ))
      )}
    </section>
  );
}

function Letter({ letter, isPast }: { readonly letter: DeadLetter; readonly isPast: boolean }) {
  const { reason, timestampMs, value, truncated, originTopic, originPartition, originOffset, headers } = letter;
  return (
    <details className="letter">
      <summary>
        <span className="grow">
          <ForeignLine text={reason} />
        </span>
        <span className="muted">{isPast ? <Time atMs={timestampMs} /> : <Age atMs={timestampMs} />}</span>
      </summary>
      <dl className="facts">
        <dt>Record</dt>
        <dd className="mono">
          {originTopic === null ? 'not told' : `${originTopic} / ${originPartition} @ ${originOffset}`}
        </dd>
        {Object.entries(headers).map(([name, text]) => (
          <Header key={name} name={name} text={text} />
        ))}
      </dl>
      {value === null ? <p className="muted">It has no value.</p> : <ForeignBlock text={value} label="Payload" />}
      {truncated && <p className="muted">Cut at 64 KiB.</p>}
    </details>
  );
}

function Header({ name, text }: { readonly name: string; readonly text: string }) {
  return (
    <>
      <dt className="mono">
        <ForeignLine text={name} />
      </dt>
      <dd className="mono">
        <ForeignLine text={text} />
      </dd>
    </>
  );
}
