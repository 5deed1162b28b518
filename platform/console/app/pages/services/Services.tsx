/** Services, ingresses and feeds of all pipelines; scaling and restarting them. */
import { type FormEvent, useId, useState } from 'react';
import type { ServiceInfo } from '../../../../api/contract/control.ts';
import { useQuery } from '../../api/useQuery.ts';
import { plainLine } from '../../format/visibleText.ts';
import type { PageProps } from '../../pages.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { Answer } from '../../ui/Answer.tsx';
import { type Change, ConfirmChange } from '../../ui/ConfirmChange.tsx';
import { External } from '../../ui/External.tsx';
import { ForeignLine } from '../../ui/ForeignText.tsx';
import { PageHead } from '../../ui/PageHead.tsx';
import { Badge } from '../../ui/StateBadge.tsx';
import { Empty } from '../../ui/states.tsx';
import { type Column, Table } from '../../ui/Table.tsx';

const mostInstances = 100;

export function Services({ query }: PageProps) {
  const found = useQuery(
    'services',
    {},
    { when: ({ type }) => /^millrace\.(task|operation|pipeline)/.test(type), everyMs: 5000 },
  );
  const [change, setChange] = useState<Change | null>(null);
  const columns = columnsOf(setChange);
  return (
    <>
      <PageHead title="Services" />
      <Answer of={found}>
        {(all) => {
          const services = query.pipeline ? all.filter(({ pipeline }) => pipeline === query.pipeline) : all;
          return services.length === 0 ? (
            <Empty title="No service runs">
              <p>
                A pipeline brings its services. Deploy one from the <a href={hrefOf('/catalog')}>catalog</a>.
              </p>
            </Empty>
          ) : (
            <Table
              label="Services"
              columns={columns}
              rows={services}
              rowKey={({ pipeline, name }) => `${pipeline} ${name}`}
            />
          );
        }}
      </Answer>
      <ConfirmChange change={change} onClose={() => setChange(null)} onDone={found.reload} />
    </>
  );
}

function columnsOf(onChange: (change: Change) => void): readonly Column<ServiceInfo>[] {
  return [
    {
      id: 'service',
      title: 'Service',
      sortBy: ({ name }) => name,
      cell: ({ name, pipeline }) => (
        <>
          <strong>
            <ForeignLine text={name} />
          </strong>
          <div className="sub">
            <a href={hrefOf(`/pipelines/${segment(pipeline)}`)}>
              <ForeignLine text={pipeline} />
            </a>
          </div>
        </>
      ),
    },
    { id: 'kind', title: 'Kind', sortBy: ({ kind }) => kind, cell: ({ kind }) => kind },
    {
      id: 'running',
      title: 'Running',
      sortBy: ({ running, instances }) => running - instances,
      cell: ({ running, instances }) => (
        <Badge
          tone={running === instances ? 'good' : running === 0 ? 'bad' : 'warn'}
        >{`${running} of ${instances}`}</Badge>
      ),
    },
    {
      id: 'endpoint',
      title: 'Endpoint',
      cell: ({ endpoint }) =>
        endpoint === null ? (
          <span className="muted">none</span>
        ) : (
          <External href={endpoint}>
            <ForeignLine text={endpoint} />
          </External>
        ),
    },
    {
      id: 'tasks',
      title: 'Logs',
      cell: ({ tasks }) => (
        <span className="row-actions">
          {tasks.map((task) => (
            <a key={task} href={hrefOf(`/logs/${segment(task)}`)}>
              <ForeignLine text={task.split('.').at(-1) ?? task} />
              <span className="sr-only">
                {' '}
                of <ForeignLine text={task} />
              </span>
            </a>
          ))}
        </span>
      ),
    },
    {
      id: 'change',
      title: 'Change',
      cell: (service) => (
        <div className="row-actions">
          {service.scalable && <Scale key={service.instances} service={service} onChange={onChange} />}
          <button
            type="button"
            onClick={() => onChange({ change: 'restart', pipeline: service.pipeline, service: service.name })}
          >
            Restart<span className="sr-only"> {plainLine(service.name)}</span>
          </button>
        </div>
      ),
    },
  ];
}

function Scale({ service, onChange }: { readonly service: ServiceInfo; readonly onChange: (change: Change) => void }) {
  const [text, setText] = useState(`${service.instances}`);
  const id = useId();
  const instances = Number(text);
  const isValid = /^\d+$/.test(text) && instances >= 1 && instances <= mostInstances;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isValid) onChange({ change: 'scale', pipeline: service.pipeline, service: service.name, instances });
  };
  return (
    <form className="row-actions" onSubmit={submit}>
      <label htmlFor={id} className="sr-only">
        Instances of {plainLine(service.name)}, 1 to {mostInstances}
      </label>
      <input
        id={id}
        type="number"
        min={1}
        max={mostInstances}
        value={text}
        style={{ width: 64 }}
        aria-invalid={!isValid}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" disabled={!isValid || instances === service.instances}>
        Scale<span className="sr-only"> {plainLine(service.name)}</span>
      </button>
    </form>
  );
}
