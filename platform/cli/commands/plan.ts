import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { cpusPerCore } from '../../cluster/cluster-file.ts';
import { expectedCapabilities } from '../../cluster/process/agent/limits.ts';
import { createProcessDriver } from '../../cluster/process/driver.ts';
import { agentOf } from '../../cluster/process/ensure-agent.ts';
import { exitCodes } from '../../errors.ts';
import { pipelineName } from '../../model/names.ts';
import { makePlan } from '../../operate/makePlan.ts';
import { type PlannedMachine, renderPlan } from '../../plan/render.ts';
import { answer, createSession, type Session } from '../session.ts';
import { settingsOf, wholeNumber } from '../settings.ts';

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

/** Of the agent that runs, or as one started here would find it. */
async function machineOf({ home }: Session): Promise<PlannedMachine> {
  const runs = (await agentOf(home)) !== undefined;
  const capabilities = runs ? await createProcessDriver(home).capabilities() : expectedCapabilities();
  return { capabilities, cores: availableParallelism(), cpusPerCore };
}
