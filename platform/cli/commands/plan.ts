import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { observe } from '../../activities/observed.ts';
import { planFor } from '../../activities/planning.ts';
import { cpusPerCore, plannedCluster, readCluster } from '../../cluster/cluster-file.ts';
import { expectedCapabilities } from '../../cluster/process/agent/limits.ts';
import { createProcessDriver } from '../../cluster/process/driver.ts';
import { agentOf } from '../../cluster/process/ensure-agent.ts';
import { coversAddress, listeners } from '../../cluster/process/ports.ts';
import { portBaseOf } from '../../control/start.ts';
import { exitCodes } from '../../errors.ts';
import { pipelineName } from '../../model/names.ts';
import type { PlanOutcome } from '../../model/plan.ts';
import { type PlannedMachine, renderPlan } from '../../plan/render.ts';
import { createRecords } from '../../records/records.ts';
import { loadBlueprint } from '../../sdk/loadBlueprint.ts';
import { answer, createSession, type Session } from '../session.ts';
import { type Settings, settingsOf, wholeNumber } from '../settings.ts';

export function addPlan(program: Command): void {
  program
    .command('plan <blueprint>')
    .description('show what a deploy would do; changes nothing')
    .option('--name <pipeline>', 'name of the pipeline; default: the blueprint’s', pipelineName)
    .option('--set <name=value>', 'a parameter of the blueprint', settingsOf('plan'), {})
    .option(
      '--nodes <n>',
      'nodes to declare on this machine, if there is no cluster yet',
      wholeNumber('--nodes', 1, 250, 'plan'),
    )
    .option('--json', 'print JSON')
    .action(async (blueprint: string, options) => {
      const session = createSession(options);
      const outcome = await makePlan(session, blueprint, options.name ?? blueprint, options.set, options.nodes);
      const machine = await machineOf(session);
      answer(session, outcome, (plan) => renderPlan(plan, machine));
      if ('refused' in outcome) process.exitCode = exitCodes.refused;
    });
}

/** Plans against what is recorded and what listens on this machine; needs nothing to be running. */
export async function makePlan(
  session: Session,
  blueprint: string,
  pipeline: string,
  parameters: Settings,
  nodes?: number,
): Promise<PlanOutcome> {
  // Before anything is looked for under the name: a pipeline is named after its blueprint unless told otherwise.
  await loadBlueprint(session.repoRoot, blueprint);
  const portBase = portBaseOf(session.env);
  const cluster = readCluster(session.home) ?? plannedCluster(session.home, { nodes: nodes ?? 1, ...portBase });
  const observed = await observe(cluster, createRecords(session.home), pipeline, async (address) => listening(address));
  return await planFor({ repoRoot: session.repoRoot, pipeline, blueprint, parameters }, observed);
}

/** Of the agent that runs, or as one started here would find it. */
async function machineOf({ home }: Session): Promise<PlannedMachine> {
  const runs = (await agentOf(home)) !== undefined;
  const capabilities = runs ? await createProcessDriver(home).capabilities() : expectedCapabilities();
  return { capabilities, cores: availableParallelism(), cpusPerCore };
}

function listening(address: string): ReadonlyMap<number, string> {
  const here = listeners(() => false).filter((each) => coversAddress(each.address, address));
  return new Map(here.map(({ port }) => [port, 'a server of this machine']));
}
