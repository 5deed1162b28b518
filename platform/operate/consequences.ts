/** What a change to a pipeline will do, a sentence each, said before it is done. Pure. */
import type { PipelineRecord } from '../model/records.ts';
import { flowGroups, isFeed } from '../plan/tasks.ts';

export type Change =
  | { readonly change: 'destroy'; readonly keepData?: boolean }
  | { readonly change: 'stop' }
  | { readonly change: 'start' }
  | { readonly change: 'restart'; readonly service?: string | undefined }
  | { readonly change: 'scale'; readonly service: string; readonly instances: number };

export interface Consequences {
  readonly title: string;
  readonly lines: readonly string[];
  /** The name to be typed for what destroys data; null: a yes will do. */
  readonly confirm: string | null;
}

export function consequencesOf(record: PipelineRecord, change: Change): Consequences {
  const { pipeline } = record;
  switch (change.change) {
    case 'destroy':
      return destroyed(record, change.keepData === true);
    case 'stop':
      return { title: `Stop ${pipeline}?`, lines: stopped(record), confirm: null };
    case 'start':
      return { title: `Start ${pipeline}?`, lines: [...started(record)], confirm: null };
    case 'restart':
      return {
        title: `Restart ${change.service ?? 'all tasks'} of ${pipeline}?`,
        lines: restarted(record, change.service),
        confirm: null,
      };
    case 'scale':
      return scaled(record, change.service, change.instances);
  }
}

function destroyed({ pipeline, plan, endpoints }: PipelineRecord, keepData: boolean): Consequences {
  const names = (part: Readonly<Record<string, unknown>>) => Object.keys(part).join(', ');
  const { topics, tables, jobs } = plan.spec;
  const data = [
    `Topics ${names(topics)}, with their dead letters`,
    `Tables ${names(tables)}`,
    ...(Object.keys(jobs).length > 0 ? [`Checkpoints of the jobs ${names(jobs)}`] : []),
  ];
  return {
    title: keepData ? `Stop and remove ${pipeline}, keeping its data?` : `Remove ${pipeline}, with all its data?`,
    lines: [
      ...data.map((line) => `${line}: ${keepData ? 'kept' : 'deleted'}.`),
      `${count(plan.placements.length, 'task')} end.`,
      ...gone(endpoints),
      'Frameworks stay for other pipelines; `millrace down` stops them.',
    ],
    confirm: keepData ? null : pipeline,
  };
}

function stopped({ plan, endpoints }: PipelineRecord): string[] {
  return [
    ...gone(endpoints),
    'What is in the topics is read first, for 10 seconds at most; the rest is read at the next start.',
    `${count(plan.placements.length, 'task')} end. Data, offsets, checkpoints and ports stay as they are.`,
  ];
}

function started({ plan, endpoints }: PipelineRecord): string[] {
  return [
    `${count(plan.placements.length, 'task')} start where they were, and go on from their offsets and checkpoints.`,
    ...Object.entries(endpoints).map(([name, url]) => `${name} answers again at ${url}.`),
  ];
}

function restarted({ plan }: PipelineRecord, service: string | undefined): string[] {
  const tasks = plan.placements.filter(
    ({ demand }) => service === undefined || demand.group === `${plan.pipeline}.${service}`,
  );
  const serving = tasks.some(({ demand }) => demand.ports.includes('service'));
  const alone = Map.groupBy(tasks, ({ demand }) => demand.group);
  const single = [...alone].filter(([, group]) => group.length === 1 && group[0]!.demand.ports.includes('service'));
  return [
    `${count(tasks.length, 'task')} restart one after the other, each ready before the next. Nothing that was acknowledged is lost.`,
    ...(serving && single.length > 0
      ? [
          `${single.map(([group]) => group.slice(plan.pipeline.length + 1)).join(', ')} has one instance: for about a second its requests are refused.`,
        ]
      : []),
  ];
}

function scaled({ pipeline, plan }: PipelineRecord, service: string, instances: number): Consequences {
  const now = plan.spec.services[service]?.instances ?? 0;
  const feeds = Object.values(flowGroups(plan.spec)).filter(isFeed).length;
  const base = `${service} has ${count(now, 'instance')} now.`;
  const lines =
    instances >= now
      ? [base, `To start: ${count(instances - now, 'instance')}; the others run on.`]
      : [
          base,
          `To end when the revision is ready: ${count(now - instances, 'instance')}; requests under way are answered.`,
        ];
  const rest = `Everything else, ${feeds > 0 ? 'feeds included, ' : ''}is left as it is.`;
  return { title: `Scale ${service} of ${pipeline} to ${instances}?`, lines: [...lines, rest], confirm: null };
}

function gone(endpoints: Readonly<Record<string, string>>): string[] {
  return Object.entries(endpoints).map(([name, url]) => `${name} no longer answers at ${url}.`);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
