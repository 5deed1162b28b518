import { useEffect, useRef, useState } from 'react';
import { useQuery } from '../../../api/useQuery.ts';
import { formatCount, formatExact, plural } from '../../../format/numbers.ts';
import { formatClock, formatDuration } from '../../../format/times.ts';
import { Empty, FailureView, Loading } from '../../../ui/states.tsx';
import { Time } from '../../../ui/Time.tsx';
import { OfNow } from '../time/OfNow.tsx';
import { Faults } from './Faults.tsx';
import { isOpen, type LedgerView, type LedgerWindow, ledgerUntil, readLedger } from './windows.ts';
import './ledger.css';

const shownWindows = 90;
const marks = { balanced: '', 'in-flight': '·', unbalanced: '!', unknown: '?' } as const;
const tones = { balanced: 'good', 'in-flight': 'busy', unbalanced: 'bad', unknown: 'off' } as const;

/** Window by window: was everything that went in acknowledged at each end, once? With `atMs`: of what had come in by then. */
export function LedgerStrip(props: { readonly pipeline: string; readonly atMs: number | undefined }) {
  const { pipeline, atMs } = props;
  const asked = useQuery(
    'ledger',
    { params: { pipeline } },
    { everyMs: 10_000, when: ({ type, subject }) => type.startsWith('millrace.ledger') && subject.includes(pipeline) },
  );
  const whole = asked.data === undefined ? undefined : readLedger(asked.data);
  const ledger = whole === undefined || atMs === undefined ? whole : ledgerUntil(whole, atMs);
  const heading = useRef<HTMLHeadingElement>(null);
  const [acknowledged, setAcknowledged] = useState(0);
  // After the dialog has given the focus back to its button, which the new ledger takes away.
  useEffect(() => {
    if (acknowledged > 0) heading.current?.focus();
  }, [acknowledged]);
  const done = () => {
    setAcknowledged((before) => before + 1);
    asked.reload();
  };
  return (
    <section className="card" aria-labelledby="ledger-title">
      <header>
        <h2 id="ledger-title" ref={heading} tabIndex={-1}>
          Ledger
        </h2>
        <OfNow atMs={atMs} />
        {ledger && <Totals ledger={ledger} />}
      </header>
      <div className="card-body">
        {asked.failure !== undefined && asked.data === undefined ? (
          <FailureView failure={asked.failure} onRetry={asked.reload} />
        ) : asked.data === undefined ? (
          <Loading />
        ) : (
          <>
            {atMs !== undefined && (
              <p className="muted until">
                Of what had come in by <Time atMs={atMs} />, each window in its state of now.
              </p>
            )}
            {ledger === undefined || (ledger.windows.length === 0 && ledger.besides.length === 0) ? (
              <NoWindow isPast={atMs !== undefined} />
            ) : (
              <Windows ledger={ledger} />
            )}
            {ledger && <Faults pipeline={pipeline} ledger={ledger} onDone={done} />}
          </>
        )}
      </div>
    </section>
  );
}

function NoWindow({ isPast }: { readonly isPast: boolean }) {
  return isPast ? (
    <Empty title="No window of that time">
      <p>Nothing had come in by then, or its windows are not kept any more.</p>
    </Empty>
  ) : (
    <Empty title="No window yet">
      <p>Windows appear with the first events.</p>
    </Empty>
  );
}

function Totals({ ledger: { lost, duplicated, replayed, windowMs } }: { readonly ledger: LedgerView }) {
  return (
    <p className="muted">
      <span className={lost > 0 ? 'bad tone-text' : undefined}>{formatExact(lost)} lost</span> ·{' '}
      <span className={duplicated > 0 ? 'bad tone-text' : undefined}>{formatExact(duplicated)} doubled</span> ·{' '}
      {formatCount(replayed)} replayed · windows of {formatDuration(windowMs)}
    </p>
  );
}

function Windows({ ledger }: { readonly ledger: LedgerView }) {
  const windows = ledger.windows.slice(-shownWindows);
  return (
    <ol className="windows" aria-label={summaryOf(windows)}>
      {windows.map((window) => (
        <li key={window.originMs} className={`window ${toneOf(window)}`} title={textOf(window)}>
          <span className="sr-only">{textOf(window)}</span>
          <span aria-hidden="true">{marks[window.state]}</span>
        </li>
      ))}
    </ol>
  );
}

/** What was acknowledged is as it was, and no alarm. */
function toneOf(window: LedgerWindow): string {
  return window.state === 'unbalanced' && !isOpen(window) ? 'warn' : tones[window.state];
}

function summaryOf(windows: readonly LedgerWindow[]): string {
  const count = (state: LedgerWindow['state']) => windows.filter((window) => window.state === state).length;
  const parts = [
    `${count('balanced')} balanced`,
    `${count('in-flight')} in flight`,
    `${count('unbalanced')} unbalanced`,
  ];
  return `${plural(windows.length, 'window')}: ${parts.join(', ')}`;
}

function textOf({ originMs, state, faults, waitsFor }: LedgerWindow): string {
  const waits = waitsFor.length > 0 ? `, waits for ${waitsFor.join(', ')}` : '';
  return `${formatClock(originMs)} ${state}${waits}${faults.map(({ text, acknowledged }) => ` ${text}${acknowledged === null ? '' : ' (acknowledged)'}`).join('')}`;
}
