/** Pathways as a table: one line for each chain that events came by. */
import type { CheckpointPathways, PathwayFigures, PathwayReport } from '../observe/pathways.ts';
import { columns } from './session.ts';

export function renderPathways({ pipeline, checkpoints, silent }: PathwayReport): string {
  const heading = ['stage', 'events', 'edge p50', 'edge p99', 'end to end p50', 'p99', 'skewed', 'pathway'];
  const rows = checkpoints.flatMap(({ stage, pathways }) => pathways.map((each) => rowOf(stage, each)));
  const notes = [
    ...checkpoints.flatMap(noteOf),
    ...(silent.length === 0 ? [] : [`Not told, for they do not answer: ${silent.join(', ')}.`]),
  ];
  const table =
    rows.length === 0 ? `No event has passed ${pipeline} since its tasks started.` : columns([heading, ...rows]);
  return [table, ...(notes.length === 0 ? [] : ['', ...notes])].join('\n');
}

function rowOf(stage: string, { count, edge, endToEnd, clockSkewed, ...way }: PathwayFigures): string[] {
  const ms = (value: number | undefined) => (value === undefined ? '–' : `${value} ms`);
  const latencies = [ms(edge?.p50Ms), ms(edge?.p99Ms), ms(endToEnd?.p50Ms), ms(endToEnd?.p99Ms)];
  return [stage, `${count}`, ...latencies, `${clockSkewed}`, chainText(way)];
}

/** `ingress:ingress → job:late → sink:store`. */
export function chainText({
  chain,
  isWhole,
  isOverflow,
}: Pick<PathwayFigures, 'chain' | 'isWhole' | 'isOverflow'>): string {
  if (isOverflow) return `all further ways to ${chain.at(-1)}`;
  return [...(isWhole ? [] : ['…']), ...chain].join(' → ');
}

function noteOf({ stage, withoutHeader, overflowed }: CheckpointPathways): string[] {
  return [
    ...(withoutHeader === 0
      ? []
      : [`${stage}: ${withoutHeader} event${withoutHeader === 1 ? '' : 's'} came without a pathway header.`]),
    ...(overflowed ? [`${stage}: there are more pathways than places; the rest is counted together.`] : []),
  ];
}
