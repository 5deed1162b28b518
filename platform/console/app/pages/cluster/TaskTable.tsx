import { useEffect, useRef, useState } from 'react';
import type { TaskInfo } from '../../../../api/contract/control.ts';
import { formatExact, threeDigits, unknownText } from '../../format/numbers.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { ForeignLine } from '../../ui/ForeignText.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { type Column, Table } from '../../ui/Table.tsx';
import { cpusUsed } from './shares.ts';

type Cpus = ReadonlyMap<string, number | null>;

export function TaskTable({ tasks }: { readonly tasks: readonly TaskInfo[] }) {
  const cpus = useCpus(tasks);
  return (
    <Table
      label="Tasks"
      rows={tasks}
      rowKey={({ id }) => id}
      columns={columnsOf(cpus)}
      sorting={{ column: 'task', direction: 'ascending' }}
    />
  );
}

/** Processor use needs two looks: until the second one it is not known. */
function useCpus(tasks: readonly TaskInfo[]): Cpus {
  const before = useRef(new Map<string, { readonly atMs: number; readonly cpuSeconds: number }>());
  const [cpus, setCpus] = useState<Cpus>(new Map());
  useEffect(() => {
    const atMs = Date.now();
    const known = before.current;
    const now = new Map(
      tasks.flatMap(({ id, used }) => (used === null ? [] : [[id, { atMs, cpuSeconds: used.cpuSeconds }]])),
    );
    if (known.size > 0) setCpus(new Map([...now].map(([id, look]) => [id, cpusUsed(known.get(id), look)])));
    before.current = now;
  }, [tasks]);
  return cpus;
}

function columnsOf(cpus: Cpus): readonly Column<TaskInfo>[] {
  return [
    {
      id: 'task',
      title: 'Task',
      sortBy: ({ id }) => id,
      cell: ({ id, pid }) => (
        <>
          <a className="strong" href={hrefOf(`/logs/${segment(id)}`)}>
            {id}
          </a>
          <div className="sub">{pid === null ? 'no process' : `process ${pid}`}</div>
        </>
      ),
    },
    { id: 'node', title: 'Node', sortBy: ({ node }) => node, cell: ({ node }) => node },
    {
      id: 'state',
      title: 'State',
      sortBy: ({ phase }) => phase,
      cell: ({ phase, reason }) => (
        <>
          <StateBadge state={phase} />
          {phase !== 'running' && (
            <div className="sub">
              <ForeignLine text={reason} />
            </div>
          )}
        </>
      ),
    },
    {
      id: 'restarts',
      title: 'Restarts',
      numeric: true,
      sortBy: ({ restarts }) => restarts,
      cell: ({ restarts }) => restarts,
    },
    {
      id: 'cpu',
      title: 'CPU used / asked',
      hint: 'Processors’ worth of time between the last two looks; shares that were asked for',
      numeric: true,
      sortBy: ({ id }) => cpus.get(id) ?? null,
      cell: ({ id, asked }) => {
        const used = cpus.get(id);
        return `${used === undefined || used === null ? unknownText : threeDigits(used)} / ${threeDigits(asked.cpus)}`;
      },
    },
    {
      id: 'memory',
      title: 'MiB used / asked',
      numeric: true,
      sortBy: ({ used }) => used?.memoryMiB ?? null,
      cell: ({ used, asked }) => `${formatExact(used?.memoryMiB)} / ${formatExact(asked.memoryMiB)}`,
    },
    {
      id: 'ports',
      title: 'Ports',
      cell: ({ ports }) => (
        <span className="mono">
          {Object.entries(ports)
            .map(([name, port]) => `${name} ${port}`)
            .join(', ')}
        </span>
      ),
    },
  ];
}
