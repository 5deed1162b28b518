import type { Command } from 'commander';
import { withConsole } from '../../control/consoleUrl.ts';
import { type ControlPlane, startControlPlane } from '../../control/start.ts';
import { fail } from '../../errors.ts';
import { pipelineName } from '../../model/names.ts';
import type { DeployRequest, DeployResult } from '../../model/operations.ts';
import type { Plan } from '../../model/plan.ts';
import { carryOut, newOperationId } from '../../operate/carryOut.ts';
import { makePlan, refuseEarly } from '../../operate/makePlan.ts';
import { parameterLines } from '../../plan/render.ts';
import { parseSabotage, sabotageVariable } from '../../telemetry/sabotage.ts';
import { cancelSignal, deployUpdate, workflowIds } from '../../workflows/messages.ts';
import { interruptible } from '../interrupt.ts';
import { prepareArtifacts } from '../prepare.ts';
import { progressLines } from '../progressLines.ts';
import { answer, createSession, type Session } from '../session.ts';
import { settingsOf, wholeNumber } from '../settings.ts';

export function addDeploy(program: Command): void {
  program
    .command('deploy <blueprint>')
    .description('bring a blueprint up; ends when data has been seen flowing end to end')
    .option('--name <pipeline>', 'name of the pipeline; default: the blueprint’s', pipelineName)
    .option('--set <name=value>', 'a parameter of the blueprint', settingsOf('deploy'), {})
    .option(
      '--nodes <n>',
      'nodes to declare on this machine, if there is no cluster yet',
      wholeNumber('--nodes', 1, 250, 'deploy'),
    )
    .option('--allow-sabotage', 'let MILLRACE_SABOTAGE break the pipeline on purpose, to see that the ledger names it')
    .option('--yes', 'ask nothing')
    .option('--json', 'print JSON')
    .action(async (blueprint: string, options) => {
      const requestedAtMs = Date.now();
      const session = createSession(options);
      const pipeline: string = options.name ?? blueprint;
      const sabotage = sabotageOf(session, options.allowSabotage === true);
      const plan = await refuseUnplanned(session, blueprint, pipeline, options);
      for (const line of changedParameters(plan)) session.progress(line);
      const artifacts = await prepareArtifacts(session);
      const plane = await startControlPlane({ ...session, nodes: options.nodes, deployComes: true }, artifacts);
      try {
        const id = newOperationId('deploy', pipeline);
        const request = { id, pipeline, blueprint, parameters: options.set, requestedAtMs, ...sabotage };
        answer(session, withConsole(session.home, await deploy(session, plane, request)), render);
      } finally {
        await plane.close();
      }
    });
}

/** Throws INVALID_ARGUMENT for a sabotage that was not allowed, or that is none. */
function sabotageOf({ env }: Session, allowed: boolean): { sabotage?: string } {
  const text = env[sabotageVariable];
  if (!text) return {};
  if (!allowed) {
    const reason = `${sabotageVariable} is set to "${text}", and the deploy was not given --allow-sabotage.`;
    fail('INVALID_ARGUMENT', { reason, command: 'deploy' });
  }
  parseSabotage(text);
  return { sabotage: text };
}

/** What is wrong with the request is told before anything is fetched or started. */
async function refuseUnplanned(
  session: Session,
  blueprint: string,
  pipeline: string,
  options: { set: Record<string, string>; nodes?: number },
): Promise<Plan> {
  return refuseEarly(session, await makePlan(session, blueprint, pipeline, options.set, options.nodes));
}

/** Nothing that a person once set goes back to its default unsaid. */
function changedParameters(plan: Plan): string[] {
  const lines = parameterLines(plan);
  return lines.length === 0 ? [] : [`Parameters that change against revision ${plan.revision - 1}:`, ...lines];
}

async function deploy(
  session: Session,
  plane: ControlPlane,
  request: Omit<DeployRequest, 'traceparent'>,
): Promise<DeployResult> {
  const { pipeline, id } = request;
  const rollBack = () => plane.client.workflow.getHandle(workflowIds.pipeline(pipeline)).signal(cancelSignal, id);
  return await interruptible(session, { pipeline, rollBack }, (watched) =>
    carryOut<DeployRequest, DeployResult>(watched, {
      ...{ plane, pipeline, kind: 'deploy', update: deployUpdate, request },
      onEntry: progressLines(watched).show,
    }),
  );
}

function render({ pipeline, revision, firstEventMs, endpoints }: DeployResult): string {
  const lines = Object.entries(endpoints).map(([name, url]) => `  ${name.padEnd(10)} ${url}`);
  return [
    `${pipeline} is flowing (revision ${revision}): its first event was read back after ${(firstEventMs / 1000).toFixed(1)} s.`,
    ...lines,
    `Next: millrace console, millrace verify ${pipeline}, millrace trace ${pipeline}, millrace status`,
  ].join('\n');
}
