import type { DeadLetter } from '../../../../../api/contract/data.ts';
import { useQuery } from '../../../api/useQuery.ts';
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
        <span className="grow">{reason}</span>
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
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1) */}
      <pre tabIndex={0}>{visibleText(value)}</pre>
      {truncated && <p className="muted">Cut at 64 KiB.</p>}
    </details>
  );
}

function Header({ name, text }: { readonly name: string; readonly text: string }) {
  return (
    <>
      <dt className="mono">{name}</dt>
      <dd className="mono">{visibleText(text)}</dd>
    </>
  );
}

/** Control characters, and those that turn the direction of writing, are shown as their codes. */
function visibleText(text: string | null): string {
  if (text === null) return 'null';
  return text.replace(hidden, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
const hidden = /(?![\n\t])[\p{Cc}\p{Cf}]/gu;
