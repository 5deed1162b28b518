import { type FormEvent, useId, useState } from 'react';
import type { ServiceInfo } from '../../../../api/contract/control.ts';
import type { PipelineSummary } from '../../../../api/contract/pipelines.ts';
import { asFailure } from '../../api/failure.ts';
import { useQuery } from '../../api/useQuery.ts';
import { useApi, useToast } from '../../shell/context.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { type Change, ConfirmChange } from '../../ui/ConfirmChange.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { Empty, FailureView, Loading } from '../../ui/states.tsx';

/** What can be done with a pipeline. Nothing is done before its consequences have been named, but for a start. */
export function Actions({ summary }: { readonly summary: PipelineSummary }) {
  const { pipeline, blueprint, state, workflowUrl } = summary;
  const [change, setChange] = useState<Change | null>(null);
  const [picking, setPicking] = useState<'scale' | 'restart'>();
  const start = useStart(pipeline);
  const stopped = state === 'stopped';
  return (
    <>
      {workflowUrl !== null && (
        <a className="button" href={workflowUrl} target="_blank" rel="noreferrer">
          Workflow <Icon name="external" />
          <span className="sr-only">(Temporal’s web UI, in a new tab)</span>
        </a>
      )}
      <a className="button" href={hrefOf('/catalog', { blueprint, name: pipeline })}>
        New revision
      </a>
      <button type="button" onClick={() => setPicking('scale')}>
        Scale
      </button>
      <button type="button" onClick={() => setPicking('restart')}>
        Restart
      </button>
      {stopped ? (
        <button type="button" className="primary" disabled={start.busy} onClick={start.run}>
          Start
        </button>
      ) : (
        <button type="button" onClick={() => setChange({ change: 'stop', pipeline })}>
          Stop
        </button>
      )}
      <button type="button" className="destroy" onClick={() => setChange({ change: 'destroy', pipeline })}>
        Destroy
      </button>
      <PickService
        pipeline={pipeline}
        picking={picking}
        onClose={() => setPicking(undefined)}
        onPick={(picked) => {
          setPicking(undefined);
          setChange(picked);
        }}
      />
      <ConfirmChange change={change} onClose={() => setChange(null)} />
    </>
  );
}

function useStart(pipeline: string) {
  const api = useApi();
  const toast = useToast();
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      const { operation } = await api.call('start', { params: { pipeline } });
      const link = { href: hrefOf(`/operations/${segment(operation)}`), text: 'Follow it' };
      toast('good', `Start of ${pipeline} has begun.`, link);
    } catch (error) {
      const { message, next } = asFailure(error);
      toast('bad', `${message}. ${next}`);
    } finally {
      setBusy(false);
    }
  };
  return { busy, run };
}

interface PickProps {
  readonly pipeline: string;
  readonly picking: 'scale' | 'restart' | undefined;
  readonly onClose: () => void;
  readonly onPick: (change: Change) => void;
}

function PickService(props: PickProps) {
  const { picking, onClose } = props;
  return (
    <Dialog
      open={picking !== undefined}
      title={picking === 'scale' ? 'Scale a service' : 'Restart a service'}
      onClose={onClose}
    >
      {picking !== undefined && <PickBody {...props} picking={picking} />}
    </Dialog>
  );
}

function PickBody({ pipeline, picking, onClose, onPick }: PickProps & { readonly picking: 'scale' | 'restart' }) {
  const asked = useQuery('services', {});
  const fits = (service: ServiceInfo) => service.pipeline === pipeline && (picking === 'restart' || service.scalable);
  const services = asked.data?.filter(fits);
  if (asked.failure !== undefined) return <FailureView failure={asked.failure} onRetry={asked.reload} />;
  if (services === undefined) return <Loading />;
  if (services.length === 0)
    return <Empty title={picking === 'scale' ? 'Nothing here can be scaled' : 'No service runs here'} />;
  return <PickForm pipeline={pipeline} picking={picking} services={services} onClose={onClose} onPick={onPick} />;
}

function PickForm(
  props: Omit<PickProps, 'picking'> & {
    readonly picking: 'scale' | 'restart';
    readonly services: readonly ServiceInfo[];
  },
) {
  const { pipeline, picking, services, onClose, onPick } = props;
  const [name, setName] = useState(services[0]!.name);
  const service = services.find((each) => each.name === name) ?? services[0]!;
  const [instances, setInstances] = useState<number>();
  const ids = { service: useId(), instances: useId() };
  const wanted = instances ?? service.instances;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const { name: service } = services.find((each) => each.name === name)!;
    onPick(
      picking === 'restart'
        ? { change: 'restart', pipeline, service }
        : { change: 'scale', pipeline, service, instances: wanted },
    );
  };
  return (
    <form className="confirm" onSubmit={submit}>
      <p className="field">
        <label htmlFor={ids.service}>Service</label>
        <select
          id={ids.service}
          value={name}
          onChange={(event) => {
            setName(event.target.value);
            setInstances(undefined);
          }}
        >
          {services.map((each) => (
            <option key={each.name} value={each.name}>
              {each.name} ({each.running} of {each.instances} running)
            </option>
          ))}
        </select>
      </p>
      {picking === 'scale' && (
        <p className="field">
          <label htmlFor={ids.instances}>Instances</label>
          <input
            id={ids.instances}
            type="number"
            min={1}
            max={100}
            required
            value={wanted}
            onChange={(event) => setInstances(event.target.valueAsNumber)}
          />
        </p>
      )}
      <footer className="actions">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="primary">
          See what it would do
        </button>
      </footer>
    </form>
  );
}
