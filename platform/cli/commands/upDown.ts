import type { Command } from 'commander';
import { isHome, refuseRemoval, removeHome } from '../../cluster/home-directory.ts';
import { createProcessDriver } from '../../cluster/process/driver.ts';
import { agentOf, ensureAgent, shutdownAgent } from '../../cluster/process/ensure-agent.ts';
import { recordedTasks, remainsOf } from '../../cluster/process/remains.ts';
import { startControlPlane } from '../../control/start.ts';
import { exitCodes } from '../../errors.ts';
import type { Home } from '../../home.ts';
import { checkWebhookUrl, setWebhook } from '../../jobs/webhook.ts';
import type { Ledger, LedgerEntry } from '../../model/ledger.ts';
import { createRecords, namesOf } from '../../records/records.ts';
import { confirm } from '../ask.ts';
import { renderLedger } from '../ledgerText.ts';
import { prepareArtifacts } from '../prepare.ts';
import { answer, createSession, type Session } from '../session.ts';
import { wholeNumber } from '../settings.ts';

export function addUp(program: Command): void {
  program
    .command('up')
    .description('start the control plane, and everything that was deployed; deploys that were cut off go on')
    .option(
      '--nodes <n>',
      'nodes to declare on this machine, if there is no cluster yet',
      wholeNumber('--nodes', 1, 250, 'up'),
    )
    .option('--alert-webhook <url>', 'where alerts are sent from now on: an http or https URL, or none')
    .option('--json', 'print JSON')
    .action((options) => up(createSession(options), options));
}

export function addDown(program: Command): void {
  program
    .command('down')
    .description('stop everything of this home, data kept; ends with a ledger')
    .option('--purge', 'remove the home, too: all data, all records')
    .option('--yes', 'ask nothing')
    .option('--json', 'print JSON')
    .action((options) => down(createSession(options), options.purge === true));
}

interface UpOptions {
  readonly nodes?: number;
  readonly alertWebhook?: string;
}

async function up(session: Session, { nodes, alertWebhook }: UpOptions): Promise<void> {
  if (alertWebhook !== undefined) checkWebhookUrl(alertWebhook);
  const artifacts = await prepareArtifacts(session);
  const plane = await startControlPlane({ ...session, nodes }, artifacts);
  try {
    if (alertWebhook !== undefined) setWebhook(session.home, alertWebhook);
    await plane.driver.startAll();
    const tasks = await plane.driver.list();
    answer(session, { home: session.home.root, tasks: tasks.map(({ id, phase }) => ({ id, phase })) }, ({ tasks }) => {
      const running = tasks.filter(({ phase }) => phase === 'running').length;
      return `${running} of ${tasks.length} tasks run. Next: millrace console, millrace status, millrace deploy BLUEPRINT`;
    });
  } finally {
    await plane.close();
  }
}

async function down(session: Session, purge: boolean): Promise<void> {
  const { home } = session;
  if (purge) refuseRemoval(home);
  const question = purge ? `Stop everything and delete ${home.root} with all its data?` : '';
  if (purge && !(await confirm(session, question, 'down --purge'))) return;
  const removed = [...(await stopAll(home))];
  const left = remainsOf(home);
  const kept = [...(purge && left.length === 0 ? purged(home, removed) : keptOf(home, left))];
  const ledger: Ledger = { removed, kept, left };
  answer(session, { home: home.root, ledger }, ({ ledger }) => renderLedger(ledger));
  if (left.length > 0) process.exitCode = exitCodes.runtime;
}

/** An agent is started when none runs: only it can find and end tasks that outlived a dead one. */
async function stopAll(home: Home): Promise<readonly LedgerEntry[]> {
  if (!isHome(home)) return [];
  const there = await agentOf(home);
  if (!there && recordedTasks(home).length === 0) return [];
  await ensureAgent(home);
  const stopped = await createProcessDriver(home).stopAll();
  await shutdownAgent(home);
  return there ? [...stopped, { kind: 'process', name: `agent (pid ${there.pid})`, owner: 'millrace' }] : stopped;
}

/** Deletes the home's files, adding them to `removed`; answers what others have put there. */
function purged(home: Home, removed: LedgerEntry[]): Ledger['kept'] {
  const removal = removeHome(home);
  removed.push(...removal.removed.map((name) => ({ kind: 'directory' as const, name, owner: 'millrace' })));
  const why = removal.keptBecause;
  return why === undefined ? [] : [{ kind: 'directory', name: home.root, owner: 'others', why }];
}

function keptOf(home: Home, left: Ledger['left']): Ledger['kept'] {
  if (!isHome(home)) return [];
  const entry = { kind: 'directory' as const, name: home.root, owner: 'millrace' };
  if (left.length > 0) return [{ ...entry, why: 'processes of it still run; end them, then run the command again' }];
  const why = heldBy(home).join(', ') || 'records of the control plane';
  return [{ ...entry, why: `holds ${why}` }];
}

/** Everything is stopped by now: a record that can't be read is told by `status`, and must not hide the ledger. */
function heldBy(home: Home): readonly string[] {
  const records = createRecords(home);
  try {
    const pipelines = namesOf(records.readablePipelines()).map((name) => `pipeline ${name}`);
    return [...pipelines, ...records.frameworks().map(({ framework }) => `framework ${framework}`)];
  } catch {
    return ['records that can not be read'];
  }
}
