/** A blueprint's form, the plan that comes of it, and its deploy. Nothing is deployed that was not previewed as it stands. */
import { type FormEvent, useMemo, useState } from 'react';
import type { CatalogEntry, DeployBody, PlanPreview } from '../../../../api/contract/control.ts';
import { type ApiFailure, asFailure } from '../../api/failure.ts';
import { useQuery } from '../../api/useQuery.ts';
import type { PageProps } from '../../pages.ts';
import { useApi, useToast } from '../../shell/context.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { go } from '../../shell/usePlace.ts';
import { Answer } from '../../ui/Answer.tsx';
import { TextField } from '../../ui/fields.tsx';
import { PageHead } from '../../ui/PageHead.tsx';
import { Empty, FailureView } from '../../ui/states.tsx';
import { defaultValues, deployBodyOf, formFaults } from './form.ts';
import { ParameterField } from './ParameterField.tsx';
import { Preview } from './Preview.tsx';
import './catalog.css';

export function Configure({ params, query }: PageProps) {
  const found = useQuery('catalog', {});
  const entry = found.data?.find(({ blueprint }) => blueprint === params.blueprint);
  if (entry !== undefined) return <Form entry={entry} firstName={query.name ?? ''} />;
  return (
    <>
      <PageHead title={params.blueprint ?? ''} up={{ href: hrefOf('/catalog'), text: 'Catalog' }} />
      <Answer of={found}>
        {() => (
          <Empty title={`There is no blueprint ${params.blueprint}`}>
            <p>
              See the <a href={hrefOf('/catalog')}>catalog</a> for those there are.
            </p>
          </Empty>
        )}
      </Answer>
    </>
  );
}

function Form({ entry, firstName }: { readonly entry: CatalogEntry; readonly firstName: string }) {
  const { blueprint, title, description, parameters } = entry;
  const [name, setName] = useState(firstName);
  const [values, setValues] = useState(() => defaultValues(parameters));
  const [told, setTold] = useState(false);
  const faults = useMemo(() => formFaults(parameters, name, values), [parameters, name, values]);
  const body = useMemo(() => deployBodyOf(blueprint, parameters, name, values), [blueprint, parameters, name, values]);
  const plan = usePlan();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTold(true);
    if (faults.count === 0) void plan.preview(body);
  };
  const isCurrent = plan.previewed !== undefined && JSON.stringify(plan.previewed.body) === JSON.stringify(body);
  return (
    <>
      <PageHead title={title} up={{ href: hrefOf('/catalog'), text: 'Catalog' }} />
      <p className="catalog-lead">{description}</p>
      <div className="configure">
        <form className="card" aria-label="Parameters" onSubmit={submit} noValidate>
          <div className="card-body stack">
            <TextField
              label="Name of the pipeline"
              value={name}
              placeholder={blueprint}
              fault={faults.name}
              onChange={setName}
            />
            {parameters.map((parameter) => (
              <ParameterField
                key={parameter.name}
                parameter={parameter}
                value={values[parameter.name] ?? ''}
                fault={faults.parameters[parameter.name]}
                onChange={(value) => setValues({ ...values, [parameter.name]: value })}
              />
            ))}
            {told && faults.count > 0 && (
              <p className="fault" role="alert">
                {faults.count === 1 ? 'One value is' : `${faults.count} values are`} not accepted.
              </p>
            )}
            <div className="row-actions">
              <button type="submit" className="primary" disabled={plan.busy}>
                {plan.busy ? 'Planning …' : 'Preview the plan'}
              </button>
              <button type="button" className="quiet" onClick={() => setValues(defaultValues(parameters))}>
                Defaults
              </button>
            </div>
          </div>
        </form>
        <div className="stack">
          <Planned plan={plan} isCurrent={isCurrent} onDeploy={() => void plan.deploy(body)} />
        </div>
      </div>
    </>
  );
}

function Planned(props: {
  readonly plan: ReturnType<typeof usePlan>;
  readonly isCurrent: boolean;
  readonly onDeploy: () => void;
}) {
  const { plan, isCurrent, onDeploy } = props;
  const { failure, previewed, busy } = plan;
  return (
    <>
      {failure !== undefined && <FailureView failure={failure} />}
      {previewed !== undefined ? (
        <Preview preview={previewed.preview} isCurrent={isCurrent} busy={busy} onDeploy={onDeploy} />
      ) : (
        failure === undefined && (
          <Empty title="Preview the plan first">
            <p>
              It says what would be installed, made and changed, and what happens to data. Nothing is done by a preview.
            </p>
          </Empty>
        )
      )}
    </>
  );
}

interface Previewed {
  readonly body: DeployBody;
  readonly preview: PlanPreview;
}

function usePlan() {
  const api = useApi();
  const toast = useToast();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiFailure>();
  const [previewed, setPreviewed] = useState<Previewed>();
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setFailure(undefined);
    try {
      await work();
    } catch (error) {
      setFailure(asFailure(error));
    } finally {
      setBusy(false);
    }
  };
  return {
    busy,
    failure,
    previewed,
    preview: (body: DeployBody) =>
      attempt(async () => setPreviewed({ body, preview: await api.call('preview', { body }) })),
    deploy: (body: DeployBody) =>
      attempt(async () => {
        const { operation } = await api.call('deploy', { body });
        toast('good', `The deploy of ${body.name ?? body.blueprint} has started.`);
        go(`/operations/${segment(operation)}`);
      }),
  };
}
