/** Asks before a change, with what it would do: the API's own words; what destroys data wants the name typed. */
import { type FormEvent, useEffect, useId, useState } from 'react';
import type { InputOf } from '../api/client.ts';
import { type ApiFailure, asFailure } from '../api/failure.ts';
import { useQuery } from '../api/useQuery.ts';
import { useApi, useToast } from '../shell/context.ts';
import { hrefOf, segment } from '../shell/routing.ts';
import { Dialog } from './Dialog.tsx';
import { FailureView, Loading } from './states.tsx';

export type Change =
  | { readonly change: 'destroy'; readonly pipeline: string }
  | { readonly change: 'stop'; readonly pipeline: string }
  | { readonly change: 'restart'; readonly pipeline: string; readonly service: string }
  | { readonly change: 'scale'; readonly pipeline: string; readonly service: string; readonly instances: number };

const verbs = { destroy: 'Destroy', stop: 'Stop', restart: 'Restart', scale: 'Scale' } as const;

/** `change` null: closed. `onDone` gets the operation that was started. */
export function ConfirmChange(props: {
  readonly change: Change | null;
  readonly onClose: () => void;
  readonly onDone?: (operation: string) => void;
}) {
  const { change, onClose } = props;
  const subject = change === null ? '' : 'service' in change ? change.service : change.pipeline;
  return (
    <Dialog
      open={change !== null}
      title={change === null ? '' : `${verbs[change.change]} ${subject}`}
      onClose={onClose}
    >
      {change !== null && <Body {...props} change={change} />}
    </Dialog>
  );
}

function Body({ change, onClose, onDone }: Parameters<typeof ConfirmChange>[0] & { readonly change: Change }) {
  const { pipeline, ...query } = change;
  const asked = useQuery('consequences', { params: { pipeline }, query } as InputOf<'consequences'>);
  const { busy, failure, run } = useChange(change, (operation) => {
    onDone?.(operation);
    onClose();
  });
  const [typed, setTyped] = useState('');
  const inputId = useId();
  if (asked.failure !== undefined) return <FailureView failure={asked.failure} onRetry={asked.reload} />;
  if (asked.data === undefined) return <Loading />;
  const { title, lines, confirm } = asked.data;
  const mayRun = !busy && (confirm === null || typed === confirm);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (mayRun) void run();
  };
  return (
    <form onSubmit={submit} className="confirm">
      <p className="lead">{title}</p>
      <ul className="consequences">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {confirm !== null && (
        <p className="field">
          <label htmlFor={inputId}>
            This can’t be undone. Type <strong className="mono">{confirm}</strong> to confirm.
          </label>
          <input
            id={inputId}
            value={typed}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setTyped(event.target.value)}
          />
        </p>
      )}
      {failure !== undefined && <FailureView failure={failure} />}
      <footer className="actions">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className={confirm === null ? 'primary' : 'danger'} disabled={!mayRun}>
          {busy ? 'Starting …' : `${verbs[change.change]}`}
        </button>
      </footer>
    </form>
  );
}

function useChange(change: Change, onDone: (operation: string) => void) {
  const api = useApi();
  const toast = useToast();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiFailure>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another change is another question
  useEffect(() => setFailure(undefined), [change]);
  const send = () => {
    const params = { pipeline: change.pipeline };
    switch (change.change) {
      case 'destroy':
        return api.call('destroy', { params });
      case 'stop':
        return api.call('stop', { params });
      case 'restart':
        return api.call('restart', { params: { ...params, service: change.service } });
      case 'scale':
        return api.call('scale', {
          params: { ...params, service: change.service },
          body: { instances: change.instances },
        });
    }
  };
  const run = async () => {
    setBusy(true);
    setFailure(undefined);
    try {
      const { operation } = await send();
      toast('good', `${verbs[change.change]} of ${change.pipeline} has started.`, {
        href: hrefOf(`/operations/${segment(operation)}`),
        text: 'Follow it',
      });
      onDone(operation);
    } catch (error) {
      setFailure(asFailure(error));
    } finally {
      setBusy(false);
    }
  };
  return { busy, failure, run };
}
