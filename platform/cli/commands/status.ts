import type { Command } from 'commander';
import type { TaskStatus } from '../../cluster/driver.ts';
import { createProcessDriver } from '../../cluster/process/driver.ts';
import { agentOf } from '../../cluster/process/ensure-agent.ts';
import { controlPorts } from '../../control/controlFile.ts';
import { workerTask } from '../../control/tasks.ts';
import { workflowUrl } from '../../control/workflowUrl.ts';
import { fail } from '../../errors.ts';
import { pipelineName } from '../../model/names.ts';
import type { FrameworkRecord, PipelineRecord } from '../../model/records.ts';
import { createRecords } from '../../records/records.ts';
import { workflowIds } from '../../workflows/messages.ts';
import { seeFramework, seePipeline } from '../seeing.ts';
import { answer, columns, createSession, type Session } from '../session.ts';
import { type Standing, standingOf, withFrameworks } from '../standing.ts';

const longestWait = 160;

/** The documented shape of `millrace status --json`. */
export interface Status {
  readonly home: string;
  readonly agent: 'running' | 'not running';
  readonly pipelines: readonly (Pick<PipelineRecord, 'pipeline' | 'blueprint' | 'revision' | 'endpoints' | 'error'> &
    Standing & { readonly workflowUrl: string | null })[];
  readonly frameworks: readonly (Pick<FrameworkRecord, 'framework' | 'users'> & Standing)[];
  readonly tasks: readonly TaskStatus[];
}

export function addStatus(program: Command): void {
  program
    .command('status [pipeline]')
    .description('pipelines, frameworks and tasks, with what each uses and why one is not running')
    .option('--json', 'print JSON')
    .action(async (pipeline: string | undefined, options) => {
      const session = createSession(options);
      answer(session, await read(session, pipeline), render);
    });
}

async function read(session: Session, name: string | undefined): Promise<Status> {
  if (name !== undefined) pipelineName(name);
  const records = createRecords(session.home);
  const all = records.pipelines();
  const chosen = name === undefined ? all : all.filter(({ pipeline }) => pipeline === name);
  if (name !== undefined && chosen.length === 0) {
    fail('UNKNOWN_PIPELINE', { name, known: all.map(({ pipeline }) => pipeline) });
  }
  const agent = await agentOf(session.home);
  const tasks = agent ? await createProcessDriver(session.home).list() : undefined;
  const used = records.frameworks().filter(({ users }) => name === undefined || users.includes(name));
  const owners = new Set([
    ...chosen.map(({ pipeline }) => pipeline),
    ...used.map(({ framework }) => framework),
    'millrace',
  ]);
  return {
    home: session.home.root,
    agent: agent ? 'running' : 'not running',
    ...(await standings(session, tasks, chosen, used)),
    tasks: (tasks ?? []).filter(({ owner }) => owners.has(owner.name)),
  };
}

async function standings(
  session: Session,
  tasks: readonly TaskStatus[] | undefined,
  pipelines: readonly PipelineRecord[],
  used: readonly FrameworkRecord[],
): Promise<Pick<Status, 'pipelines' | 'frameworks'>> {
  const byId = tasks && new Map(tasks.map((task) => [task.id, task]));
  const control = { agent: byId !== undefined, worker: byId?.get(workerTask)?.phase === 'running' };
  const frameworks = await Promise.all(
    used.map(async (record) => {
      const standing = standingOf(record.state, await seeFramework(session.home, byId, record), control);
      return { framework: record.framework, ...standing, users: record.users };
    }),
  );
  const ports = controlPorts(session.home);
  const shown = pipelines.map(async (record) => {
    const { pipeline, blueprint, revision, endpoints, error } = record;
    const own = standingOf(record.state, await seePipeline(byId, record), control);
    const names = record.plan.frameworks.map(({ framework }) => framework);
    const standing = withFrameworks(
      own,
      frameworks.filter(({ framework }) => names.includes(framework)),
    );
    const url = ports === undefined ? null : workflowUrl(ports, workflowIds.pipeline(pipeline));
    return {
      ...{ pipeline, blueprint, revision, ...standing, endpoints, workflowUrl: url },
      ...(error ? { error } : {}),
    };
  });
  return { pipelines: await Promise.all(shown), frameworks };
}

/** A client's error may be long; with `--json` it is whole. */
function clipped(text: string): string {
  return text.length > longestWait ? `${text.slice(0, longestWait - 1)}…` : text;
}

function render({ home, agent, pipelines, frameworks, tasks }: Status): string {
  const lines = [`home ${home}; agent ${agent}`, ''];
  if (pipelines.length === 0) lines.push('No pipelines. Next: millrace catalog, millrace deploy BLUEPRINT');
  for (const { pipeline, revision, state, waitsFor, endpoints, error, workflowUrl: url } of pipelines) {
    lines.push(`${pipeline}  ${state}, revision ${revision}`);
    lines.push(...waitsFor.map((what) => `  waits for ${clipped(what)}`));
    lines.push(...Object.entries(endpoints).map(([name, url]) => `  ${name.padEnd(10)} ${url}`));
    if (url !== null) lines.push(`  ${'workflow'.padEnd(10)} ${url}`);
    if (error) lines.push(`  last deploy failed: ${error.code}: ${error.message}`);
  }
  const users = frameworks.map(({ framework, state, waitsFor, users }) => [
    framework,
    state,
    `used by ${users.join(', ') || 'nobody'}`,
    waitsFor.length > 0 ? `waits for ${clipped(waitsFor.join('; '))}` : '',
  ]);
  if (users.length > 0) lines.push('', columns(users));
  if (tasks.length > 0)
    lines.push('', columns([['task', 'phase', 'pid', 'MiB', 'CPU s', 'restarts', ''], ...tasks.map(row)]));
  return lines.join('\n');
}

function row({ id, phase, pid, usage, restarts, reason }: TaskStatus): string[] {
  const memory = usage ? String(Math.round(usage.memoryMiB)) : '';
  const cpu = usage ? usage.cpuSeconds.toFixed(1) : '';
  return [id, phase, pid === null ? '' : String(pid), memory, cpu, String(restarts), phase === 'running' ? '' : reason];
}
