import type { Command } from 'commander';
import { isHome, refuseRemoval, removeHome } from '../../cluster/home-directory.ts';
import { createProcessDriver } from '../../cluster/process/driver.ts';
import { agentOf, ensureAgent, shutdownAgent } from '../../cluster/process/ensure-agent.ts';
import { startControlPlane } from '../../control/start.ts';
import { exitCodes } from '../../errors.ts';
import type { Home } from '../../home.ts';
import type { Ledger, LedgerEntry } from '../../model/ledger.ts';
import { createRecords } from '../../records/records.ts';
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
    .option('--json', 'print JSON')
    .action((options) => up(createSession(options), options.nodes));
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

async function up(session: Session, nodes: number | undefined): Promise<void> {
  const artifacts = await prepareArtifacts(session);
  const plane = await startControlPlane({ ...session, nodes }, artifacts);
  try {
    await plane.driver.startAll();
    const tasks = await plane.driver.list();
    answer(session, { home: session.home.root, tasks: tasks.map(({ id, phase }) => ({ id, phase })) }, ({ tasks }) => {
      const running = tasks.filter(({ phase }) => phase === 'running').length;
      return `${running} of ${tasks.length} tasks run. Next: millrace status, millrace deploy BLUEPRINT`;
    });
  } finally {
    await plane.close();
  }
}

async function down(session: Session, purge: boolean): Promise<void> {
  if (purge) refuseRemoval(session.home);
  const question = purge ? `Stop everything and delete ${session.home.root} with all its data?` : '';
  if (purge && !(await confirm(session, question, 'down --purge'))) return;
  const removed = [...(await stopAll(session))];
  const kept = purge ? purged(session.home, removed) : keptOf(session);
  const left: LedgerEntry[] = (await agentOf(session.home))
    ? [{ kind: 'process', name: 'agent', owner: 'millrace' }]
    : [];
  const ledger: Ledger = { removed, kept, left };
  answer(session, { home: session.home.root, ledger }, ({ ledger }) => renderLedger(ledger));
  if (left.length > 0) process.exitCode = exitCodes.runtime;
}

/** An agent is started when none runs: only it can find and end tasks that outlived a dead one. */
async function stopAll(session: Session): Promise<readonly LedgerEntry[]> {
  if (!isHome(session.home)) return [];
  if (!(await agentOf(session.home)) && createRecords(session.home).frameworks().length === 0) return [];
  await ensureAgent(session.home);
  const stopped = await createProcessDriver(session.home).stopAll();
  const agent = await shutdownAgent(session.home);
  return [
    ...stopped,
    ...(agent ? [{ kind: 'process' as const, name: `agent (pid ${agent.pid})`, owner: 'millrace' }] : []),
  ];
}

/** Deletes the home's files, adding them to `removed`; answers what others have put there. */
function purged(home: Home, removed: LedgerEntry[]): Ledger['kept'] {
  const removal = removeHome(home);
  removed.push(...removal.removed.map((name) => ({ kind: 'directory' as const, name, owner: 'millrace' })));
  const why = removal.keptBecause;
  return why === undefined ? [] : [{ kind: 'directory', name: home.root, owner: 'others', why }];
}

function keptOf(session: Session): Ledger['kept'] {
  if (!isHome(session.home)) return [];
  const records = createRecords(session.home);
  const pipelines = records.pipelines().map(({ pipeline }) => `pipeline ${pipeline}`);
  const frameworks = records.frameworks().map(({ framework }) => `framework ${framework}`);
  const why = [...pipelines, ...frameworks].join(', ') || 'records of the control plane';
  return [{ kind: 'directory', name: session.home.root, owner: 'millrace', why: `holds ${why}` }];
}
