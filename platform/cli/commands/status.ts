import type { Command } from 'commander';
import type { TaskStatus } from '../../cluster/driver.ts';
import { createProcessDriver } from '../../cluster/process/driver.ts';
import { agentOf } from '../../cluster/process/ensure-agent.ts';
import { fail } from '../../errors.ts';
import { pipelineName } from '../../model/names.ts';
import type { PipelineRecord } from '../../model/records.ts';
import { createRecords } from '../../records/records.ts';
import { answer, columns, createSession, type Session } from '../session.ts';

interface Status {
  readonly home: string;
  readonly agent: 'running' | 'not running';
  readonly pipelines: readonly Pick<
    PipelineRecord,
    'pipeline' | 'blueprint' | 'revision' | 'state' | 'endpoints' | 'error'
  >[];
  readonly frameworks: readonly {
    readonly framework: string;
    readonly state: string;
    readonly users: readonly string[];
  }[];
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
  const tasks = agent ? await createProcessDriver(session.home).list() : [];
  const frameworks = records.frameworks();
  const used = frameworks.filter(({ users }) => name === undefined || users.includes(name));
  const owners = new Set([
    ...chosen.map(({ pipeline }) => pipeline),
    ...used.map(({ framework }) => framework),
    'millrace',
  ]);
  return {
    home: session.home.root,
    agent: agent ? 'running' : 'not running',
    pipelines: chosen.map(({ pipeline, blueprint, revision, state, endpoints, error }) => ({
      ...{ pipeline, blueprint, revision, state, endpoints },
      ...(error ? { error } : {}),
    })),
    frameworks: used.map(({ framework, state, users }) => ({ framework, state, users })),
    tasks: tasks.filter(({ owner }) => owners.has(owner.name)),
  };
}

function render({ home, agent, pipelines, frameworks, tasks }: Status): string {
  const lines = [`home ${home}; agent ${agent}`, ''];
  if (pipelines.length === 0) lines.push('No pipelines. Next: millrace catalog, millrace deploy BLUEPRINT');
  for (const { pipeline, revision, state, endpoints, error } of pipelines) {
    lines.push(`${pipeline}  ${state}, revision ${revision}`);
    lines.push(...Object.entries(endpoints).map(([name, url]) => `  ${name.padEnd(10)} ${url}`));
    if (error) lines.push(`  last deploy failed: ${error.code}: ${error.message}`);
  }
  const users = frameworks.map(({ framework, state, users }) => [
    framework,
    state,
    `used by ${users.join(', ') || 'nobody'}`,
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
