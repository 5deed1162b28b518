import type { Command } from 'commander';
import { withConsole } from '../../control/consoleUrl.ts';
import { connectControlPlane, startControlPlane } from '../../control/start.ts';
import type { ChangeRequest, ChangeResult, DeployRequest, DeployResult } from '../../model/operations.ts';
import { carryOut, newOperationId } from '../../operate/carryOut.ts';
import { type Change, consequencesOf } from '../../operate/consequences.ts';
import { pipelineOf } from '../../operate/recorded.ts';
import { resumeFrameworks } from '../../operate/resumeServers.ts';
import { scaleRequest } from '../../operate/scaleRequest.ts';
import { nextScale } from '../../plan/scale.ts';
import { changeUpdate, deployUpdate } from '../../workflows/messages.ts';
import { confirm } from '../ask.ts';
import { prepareArtifacts } from '../prepare.ts';
import { progressLines } from '../progressLines.ts';
import { answer, createSession, type Session } from '../session.ts';
import { instancesOf } from '../settings.ts';

type Kind = ChangeRequest['change'];
const descriptions: Readonly<Record<Kind, string>> = {
  stop: 'stop a pipeline’s tasks; data, offsets and ports stay',
  start: 'start a stopped pipeline; ends when data has been seen flowing',
  restart: 'restart the tasks of a pipeline or of one part of it, one after the other',
};

export function addStop(program: Command): void {
  addChange(program, 'stop', 'stop <pipeline>');
}
export function addStart(program: Command): void {
  addChange(program, 'start', 'start <pipeline>');
}
export function addRestart(program: Command): void {
  addChange(program, 'restart', 'restart <pipeline> [part]');
}

function addChange(program: Command, change: Kind, usage: string): void {
  const command = program
    .command(usage)
    .description(descriptions[change])
    .option('--yes', 'ask nothing')
    .option('--json', 'print JSON');
  command.action(async (pipeline: string) => {
    const [, part] = command.args;
    await carryOutChange(createSession(command.opts()), pipeline, change, part);
  });
}

async function carryOutChange(session: Session, pipeline: string, change: Kind, service?: string): Promise<void> {
  const requestedAtMs = Date.now();
  const record = pipelineOf(session, pipeline);
  const named = service === undefined ? {} : { service };
  // Starting does no harm, and asks nothing.
  if (change !== 'start' && !(await agreed(session, record, { change, ...named }))) return;
  const plane =
    change === 'start'
      ? await startControlPlane(session, await prepareArtifacts(session))
      : await connectControlPlane(session.home);
  try {
    if (change === 'start') {
      await resumeFrameworks(
        plane.driver,
        record.plan.frameworks.map(({ framework }) => framework),
      );
    }
    const request = { id: newOperationId(change, pipeline), pipeline, change, requestedAtMs, ...named };
    const onEntry = progressLines(session).show;
    const carried = { plane, pipeline, kind: change, update: changeUpdate, request, onEntry };
    answer(session, await carryOut<ChangeRequest, ChangeResult>(session, carried), render);
  } finally {
    await plane.close();
  }
}

function render({ pipeline, change, tasks }: ChangeResult): string {
  const did = { stop: 'is stopped', start: 'is flowing', restart: 'has restarted' }[change];
  const next = change === 'stop' ? `millrace start ${pipeline}` : `millrace status ${pipeline}`;
  return `${pipeline} ${did}: ${tasks.length} tasks. Next: ${next}`;
}

export function addScale(program: Command): void {
  program
    .command('scale <pipeline> <service=instances...>')
    .description('change how many instances services have, 1 to 50; nothing else restarts')
    .option('--yes', 'ask nothing')
    .option('--json', 'print JSON')
    .action(async (pipeline: string, texts: string[], options) => {
      await scale(createSession(options), pipeline, instancesOf(texts));
    });
}

async function scale(session: Session, pipeline: string, instances: Readonly<Record<string, number>>): Promise<void> {
  const requestedAtMs = Date.now();
  const record = pipelineOf(session, pipeline);
  nextScale(pipeline, record.plan.spec, instances);
  for (const [service, count] of Object.entries(instances)) {
    if (!(await agreed(session, record, { change: 'scale', service, instances: count }))) return;
  }
  const plane = await connectControlPlane(session.home);
  try {
    const request = scaleRequest(record, instances, requestedAtMs);
    const onEntry = progressLines(session).show;
    const carried = { plane, pipeline, kind: 'scale', update: deployUpdate, request, onEntry };
    const result = withConsole(session.home, await carryOut<DeployRequest, DeployResult>(session, carried));
    answer(
      session,
      result,
      ({ revision }) => `${pipeline} is flowing with ${texts(instances)} (revision ${revision}).`,
    );
  } finally {
    await plane.close();
  }
}

function texts(instances: Readonly<Record<string, number>>): string {
  return Object.entries(instances)
    .map(([name, count]) => `${count} of ${name}`)
    .join(', ');
}

/** Throws NEEDS_CONFIRMATION where nobody can be asked. */
async function agreed(
  session: Session,
  record: Parameters<typeof consequencesOf>[0],
  change: Change,
): Promise<boolean> {
  const { title, lines } = consequencesOf(record, change);
  const question = [...lines.map((line) => `  ${line}`), title].join('\n');
  return await confirm(session, question, `${change.change} ${record.pipeline}`);
}
