import { useState } from 'react';
import type { OperationView } from '../../../../api/contract/control.ts';
import { type ApiFailure, asFailure } from '../../api/failure.ts';
import { useApi, useToast } from '../../shell/context.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { FailureView } from '../../ui/states.tsx';

/** `operation` null: closed. */
export function CancelDialog(props: {
  readonly operation: OperationView | null;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const { operation, onClose, onDone } = props;
  const api = useApi();
  const toast = useToast();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiFailure>();
  const cancel = async (id: string) => {
    setBusy(true);
    setFailure(undefined);
    try {
      await api.call('cancelOperation', { params: { operation: id } });
      toast('note', 'It is being called off.');
      onDone();
      onClose();
    } catch (error) {
      setFailure(asFailure(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      open={operation !== null}
      title={`Cancel the ${operation?.kind ?? ''} of ${operation?.pipeline ?? ''}`}
      onClose={onClose}
    >
      <div className="confirm">
        <ul className="consequences">
          <li>Steps that run are ended; those that wait are left out.</li>
          <li>What it has made is undone in reverse order: its tasks end, its new topics and tables are removed.</li>
          <li>What was there before stays as it was.</li>
        </ul>
        {failure !== undefined && <FailureView failure={failure} />}
        <footer className="actions">
          <button type="button" onClick={onClose}>
            Go on with it
          </button>
          <button
            type="button"
            className="danger"
            disabled={busy}
            onClick={() => operation && void cancel(operation.id)}
          >
            {busy ? 'Calling it off …' : `Cancel the ${operation?.kind ?? ''}`}
          </button>
        </footer>
      </div>
    </Dialog>
  );
}
