import { useState } from 'react';
import { plural } from '../../../format/numbers.ts';
import { formatClock } from '../../../format/times.ts';
import { ForeignLine } from '../../../ui/ForeignText.tsx';
import { Acknowledge, type Meant } from './Acknowledge.tsx';
import { type LedgerView, type PlacedFault, placedFaults } from './windows.ts';

/** Faults older than what the strip shows count, too. The newest of those that nobody has acknowledged, and of the others. */
const shownOpen = 50;
const shownSeen = 10;

export function Faults(props: { readonly pipeline: string; readonly ledger: LedgerView; readonly onDone: () => void }) {
  const { pipeline, ledger, onDone } = props;
  const [meant, setMeant] = useState<Meant | null>(null);
  const all = placedFaults(ledger);
  const open = all.filter(({ fault }) => fault.acknowledged === null);
  const seen = all.filter(({ fault }) => fault.acknowledged !== null).slice(-shownSeen);
  if (all.length === 0 && ledger.notes.length === 0) return null;
  return (
    <>
      <ul className="faults">
        {open.length > shownOpen && (
          <li className="muted">{plural(open.length - shownOpen, 'older fault')} not shown</li>
        )}
        {open.slice(-shownOpen).map(({ window, fault }) => (
          <li key={`${window.originMs} ${fault.text}`}>
            <Told window={window} fault={fault} />
            <button type="button" className="quiet" onClick={() => setMeant({ pipeline, origin: window.origin })}>
              Acknowledge<span className="sr-only"> the fault of {formatClock(window.originMs)}</span> …
            </button>
          </li>
        ))}
        {seen.map(({ window, fault }) => (
          <li key={`${window.originMs} ${fault.text}`} className="muted">
            <Told window={window} fault={fault} />
          </li>
        ))}
        {ledger.notes.map((note) => (
          <li key={note} className="muted">
            {note}
          </li>
        ))}
      </ul>
      {open.length > 1 && (
        <p>
          <button type="button" onClick={() => setMeant({ pipeline, origin: null })}>
            Acknowledge all …
          </button>
        </p>
      )}
      <Acknowledge meant={meant} onClose={() => setMeant(null)} onDone={onDone} />
    </>
  );
}

function Told({ window, fault }: PlacedFault) {
  const { acknowledged } = fault;
  return (
    <span>
      <strong>{formatClock(window.originMs)}</strong> {fault.text}
      {acknowledged !== null && (
        <>
          {' '}
          — acknowledged {formatClock(acknowledged.atMs)}
          {acknowledged.note !== null && (
            <>
              : <ForeignLine text={acknowledged.note} />
            </>
          )}
        </>
      )}
    </span>
  );
}
