/** A blueprint's form, the plan that comes of it, and its deploy. Nothing is deployed that was not previewed as it stands. */
import { type FormEvent, useMemo, useState } from 'react';
import type { CatalogEntry, DeployBody, PlanPreview } from '../../../../api/contract/control.ts';
import { type ApiFailure, asFailure } from '../../api/failure.ts';
import { useQuery } from '../../api/useQuery.ts';
import type { PageProps } from '../../pages.ts';
import { useApi, useLive, useToast } from '../../shell/context.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { go } from '../../shell/usePlace.ts';
import { Answer } from '../../ui/Answer.tsx';
import { TextField } from '../../ui/fields.tsx';
import { PageHead } from '../../ui/PageHead.tsx';
import { Empty, FailureView } from '../../ui/states.tsx';
import { defaultValues, deployBodyOf, formFaults, marksOf, type Standing, standingOf, startValues } from './form.ts';
import { ParameterField } from './ParameterField.tsx';
import { Preview } from './Preview.tsx';
import './catalog.css';

export function Configure({ params, query }: PageProps) {
  const blueprint = params.blueprint ?? '';
  const name = query.name ?? '';
  const catalog = useQuery('catalog', {});
  const deployed = useQuery('parameters', name === '' ? null : { params: { pipeline: name } });
  const entry = catalog.data?.find((each) => each.blueprint === blueprint);
  // A link may name a pipeline that is not there (any more): then it is a first deploy.
  const known = name === '' || deployed.data !== undefined || deployed.failure?.status === 404;
  if (entry !== undefined && known) {
    return <Form key={name} entry={entry} firstName={name} standing={standingOf(blueprint, deployed.data)} />;
  }
  return (
    <>
      <PageHead title={entry?.title ?? blueprint} up={{ href: hrefOf('/catalog'), text: 'Catalog' }} />
      {entry !== undefined ? (
        // Without what the pipeline has, a form would put every parameter back to its default.
        <Answer of={deployed}>{() => null}</Answer>
      ) : (
        <Answer of={catalog}>
          {() => (
            <Empty title={`There is no blueprint ${blueprint}`}>
              <p>
                See the <a href={hrefOf('/catalog')}>catalog</a> for those there are.
              </p>
            </Empty>
          )}
        </Answer>
      )}
    </>
  );
}

interface FormProps {
  readonly entry: CatalogEntry;
  readonly firstName: string;
  readonly standing: Standing | undefined;
}

function Form({ entry, firstName, standing: first }: FormProps) {
  const { blueprint, title, description, parameters } = entry;
  // As it was when the form came up: a deploy by somebody else meanwhile is told by the plan.
  const [standing] = useState(first);
  const [name, setName] = useState(firstName);
  const [values, setValues] = useState(() => startValues(parameters, standing));
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
            <StandingNote blueprint={blueprint} name={name === '' ? blueprint : name} standing={standing} />
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
                marks={marksOf(parameter, values[parameter.name] ?? '', standing)}
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
              {standing !== undefined && (
                <button type="button" className="quiet" onClick={() => setValues(startValues(parameters, standing))}>
                  Present values
                </button>
              )}
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

/** Whose values the fields began with; and, where they are defaults although the pipeline is there, how to get to its own. */
function StandingNote(props: {
  readonly blueprint: string;
  readonly name: string;
  readonly standing: Standing | undefined;
}) {
  const { blueprint, name, standing } = props;
  const there = useLive((state) => state.summaries.get(name));
  if (standing?.pipeline === name) {
    return (
      <p className="standing">
        The next revision of {name}. The fields begin with the values of revision {standing.revision}.
      </p>
    );
  }
  if (there === undefined || there.blueprint !== blueprint) return null;
  return (
    <p className="standing">
      {name} is deployed: this makes its next revision, with the values below, and not with those that it has.{' '}
      <a href={hrefOf('/catalog', { blueprint, name })}>Begin with the values of revision {there.revision}</a>
    </p>
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
