import type { DeadLetter } from '../../../../../api/contract/data.ts';
import { useQuery } from '../../../api/useQuery.ts';
import { ForeignBlock, ForeignLine } from '../../../ui/ForeignText.tsx';
import { FailureView, Loading } from '../../../ui/states.tsx';
import { Age } from '../../../ui/Time.tsx';

/** What the stage gave up, and why. A payload is anybody's: it is shown as text, and as nothing else. */
export function DeadLetters({ pipeline, stage }: { readonly pipeline: string; readonly stage: string }) {
  const asked = useQuery('deadLetters', { params: { pipeline }, query: { stage, limit: 20 } }, { everyMs: 15_000 });
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
        <p className="muted">None. Every event that this stage read was handled.</p>
      ) : (
        asked.data.map((letter) => <Letter key={`${letter.partition}/${letter.offset}`} letter={letter} />)
      )}
    </section>
  );
}

function Letter({ letter }: { readonly letter: DeadLetter }) {
  const { reason, timestampMs, value, truncated, originTopic, originPartition, originOffset, headers } = letter;
  return (
    <details className="letter">
      <summary>
        <span className="grow">
          <ForeignLine text={reason} />
        </span>
        <span className="muted">
          <Age atMs={timestampMs} />
        </span>
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
