/** Nodes, what runs where, and how much is asked for and used. */
import type { ClusterInfo, TaskInfo } from '../../../../api/contract/control.ts';
import { useQuery } from '../../api/useQuery.ts';
import { formatExact, plural, threeDigits } from '../../format/numbers.ts';
import { plainLine } from '../../format/visibleText.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { Answer } from '../../ui/Answer.tsx';
import { ForeignLine } from '../../ui/ForeignText.tsx';
import { Meter } from '../../ui/Meter.tsx';
import { PageHead } from '../../ui/PageHead.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Empty } from '../../ui/states.tsx';
import { Table } from '../../ui/Table.tsx';
import { type NodeView, nodeViews } from './shares.ts';
import { TaskTable } from './TaskTable.tsx';
import './cluster.css';

export function Cluster() {
  const found = useQuery('cluster', {}, { when: ({ type }) => type.startsWith('millrace.task'), everyMs: 5000 });
  return (
    <>
      <PageHead title="Cluster" beside={found.data && <span className="muted">driver {found.data.driver}</span>} />
      <Answer of={found}>{(cluster) => <View cluster={cluster} />}</Answer>
    </>
  );
}

function View({ cluster }: { readonly cluster: ClusterInfo }) {
  if (cluster.nodes.length === 0) {
    return (
      <Empty title="The cluster has no nodes yet">
        <p>
          They are declared by the first deploy, or by <code>./millrace up</code>.
        </p>
      </Empty>
    );
  }
  return (
    <div className="stack">
      <ul className="nodes">
        {nodeViews(cluster).map((node) => (
          <NodeCard key={node.id} node={node} />
        ))}
      </ul>
      <h2>Frameworks</h2>
      {cluster.frameworks.length === 0 ? (
        <p className="muted">None is installed; a deploy installs those that it needs.</p>
      ) : (
        <Frameworks frameworks={cluster.frameworks} />
      )}
      <h2>Tasks</h2>
      <TaskTable tasks={cluster.tasks} />
    </div>
  );
}

function NodeCard({ node }: { readonly node: NodeView }) {
  return (
    <li className="card">
      <header>
        <h2>{node.id}</h2>
        <span className="muted mono">{node.address}</span>
      </header>
      <div className="card-body stack">
        {node.shares.map(({ label, unit, total, asked, used }) => {
          const format = (value: number) => `${unit === 'MiB' ? formatExact(value) : threeDigits(value)} ${unit}`;
          return <Meter key={label} label={label} total={total} asked={asked} used={used} warns format={format} />;
        })}
        {node.owners.length === 0 ? (
          <p className="muted">Nothing runs here.</p>
        ) : (
          <dl className="owners">
            {node.owners.map(({ owner, kind, tasks }) => (
              <div key={`${kind} ${owner}`}>
                <dt>
                  {owner} <span className="muted">{kind === owner ? '' : kind}</span>
                </dt>
                <dd>
                  {tasks.map((task) => (
                    <TaskChip key={task.id} task={task} />
                  ))}
                </dd>
              </div>
            ))}
          </dl>
        )}
      </div>
    </li>
  );
}

function TaskChip({ task }: { readonly task: TaskInfo }) {
  return (
    <a
      className={`task-chip ${task.phase}`}
      href={hrefOf(`/logs/${segment(task.id)}`)}
      title={`${task.phase}: ${plainLine(task.reason)}`}
    >
      {task.id.replace(`${task.owner.name}.`, '')}
      {task.phase !== 'running' && <span className="sr-only"> ({task.phase})</span>}
    </a>
  );
}

function Frameworks({ frameworks }: { readonly frameworks: ClusterInfo['frameworks'] }) {
  return (
    <Table
      label="Frameworks"
      rows={frameworks}
      rowKey={({ framework }) => framework}
      columns={[
        {
          id: 'framework',
          title: 'Framework',
          sortBy: ({ framework }) => framework,
          cell: ({ framework }) => <strong>{framework}</strong>,
        },
        {
          id: 'state',
          title: 'State',
          sortBy: ({ state }) => state,
          cell: ({ state }) => <StateBadge state={state} />,
        },
        {
          id: 'reason',
          title: 'Reason',
          cell: ({ reason }) =>
            reason === '' ? <span className="muted">all of its tasks run</span> : <ForeignLine text={reason} />,
        },
        {
          id: 'users',
          title: 'Used by',
          cell: ({ users }) =>
            users.length === 0 ? (
              <span className="muted">no pipeline</span>
            ) : (
              `${plural(users.length, 'pipeline')}: ${users.join(', ')}`
            ),
        },
      ]}
    />
  );
}
