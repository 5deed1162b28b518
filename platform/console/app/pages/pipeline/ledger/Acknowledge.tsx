import { type FormEvent, useState } from 'react';
import { type ApiFailure, asFailure } from '../../../api/failure.ts';
import { plural } from '../../../format/numbers.ts';
import { formatClock } from '../../../format/times.ts';
import { useApi, useToast } from '../../../shell/context.ts';
import { Dialog } from '../../../ui/Dialog.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { FailureView } from '../../../ui/states.tsx';

/** Faults of one window, or of all. */
export interface Meant {
  readonly pipeline: string;
  /** Start of the window as the ledger tells it; null: of all. */
  readonly origin: string | null;
}

/** Says what it means, first. `meant` null: closed. */
export function Acknowledge(props: {
  readonly meant: Meant | null;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const { meant, onClose } = props;
  const which = meant?.origin == null ? 'all faults' : `the fault of ${formatClock(Date.parse(meant.origin))}`;
  return (
    <Dialog open={meant !== null} title={`Acknowledge ${which}`} onClose={onClose}>
      {meant !== null && <Body {...props} meant={meant} />}
    </Dialog>
  );
}

function Body({ meant, onClose, onDone }: Parameters<typeof Acknowledge>[0] & { readonly meant: Meant }) {
  const api = useApi();
  const toast = useToast();
  const [note, setNote] = useState('');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiFailure>();
  const send = async () => {
    setBusy(true);
    setFailure(undefined);
    try {
      const { pipeline, origin } = meant;
      const text = note.trim();
      const body = { ...(origin === null ? {} : { origin }), ...(text === '' ? {} : { note: text }) };
      const { faults } = await api.call('acknowledge', { params: { pipeline }, body });
      toast(
        'good',
        faults.length === 0 ? 'There was nothing to acknowledge.' : `${plural(faults.length, 'fault')} acknowledged.`,
      );
      onDone();
      onClose();
    } catch (error) {
      setFailure(asFailure(error));
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!busy) void send();
  };
  return (
    <form onSubmit={submit} className="confirm">
      <p className="lead">You have seen what was lost or doubled, and nothing more is to be said of it.</p>
      <ul className="consequences">
        <li>It stays in the ledger and in its sums, marked with this time and your note.</li>
        <li>It no longer makes {meant.pipeline} degraded.</li>
        <li>Alerts that fire because of it end, if the ledger still has its window.</li>
        <li>Nothing is brought back: an event that is lost stays lost.</li>
        <li>A new fault is told again, in the same window, too. This can’t be undone.</li>
      </ul>
      <TextField label="Note (why, what was done)" value={note} maxLength={500} onChange={setNote} />
      {failure !== undefined && <FailureView failure={failure} />}
      <footer className="actions">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="primary" disabled={busy}>
          {busy ? 'Acknowledging …' : 'Acknowledge'}
        </button>
      </footer>
    </form>
  );
}
