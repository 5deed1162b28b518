import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { TaskStatus } from '../../cluster/driver.ts';
import { createProcessDriver } from '../../cluster/process/driver.ts';
import { agentOf } from '../../cluster/process/ensure-agent.ts';
import { consoleUrl } from '../../control/consoleUrl.ts';
import { controlPorts } from '../../control/controlFile.ts';
import { workflowUrl } from '../../control/workflowUrl.ts';
import { asMillraceError, MillraceError } from '../../errors.ts';
import { workerTask } from '../../model/controlPlane.ts';
import { pipelineName } from '../../model/names.ts';
import type { FrameworkRecord, PipelineRecord } from '../../model/records.ts';
import type { ReadQueues } from '../../observe/queues.ts';
import { type Standing, waitsOf } from '../../observe/standing.ts';
import { acknowledgedIn, booksFileName, openIn } from '../../observe/watch/booksFile.ts';
import type { ReadNewestDeadLetter } from '../../observe/watch/deadLetters.ts';
import { type FrameworkFact, flowStateOf, type Verdict } from '../../observe/watch/flowState.ts';
import { KafkaLine } from '../../observe/watch/kafkaLine.ts';
import { type LookNow, lookNow } from '../../observe/watch/lookNow.ts';
import { type Statuses, seeServers } from '../../observe/watch/servers.ts';
import { newestDeadLetter } from '../../operate/newestDeadLetter.ts';
import { queueReader } from '../../operate/readQueues.ts';
import { createRecords, namesOf, type ReadPipelines, type UnreadableRecord } from '../../records/records.ts';
import { createSecrets } from '../../secrets/secrets.ts';
import { workflowIds } from '../../workflows/messages.ts';
import { seePipeline } from '../seeing.ts';
import { answer, columns, createSession, type Session } from '../session.ts';

const longestWait = 160;

/** The documented shape of `millrace status --json`. */
export interface Status {
  readonly home: string;
  readonly agent: 'running' | 'not running';
  /** Null: this home never had one. */
  readonly console: string | null;
  readonly pipelines: readonly (Pick<PipelineRecord, 'pipeline' | 'blueprint' | 'revision' | 'endpoints' | 'error'> &
    Verdict &
    Pick<Standing, 'waitsFor'> & { readonly workflowUrl: string | null })[];
  /** Those whose record can't be read: nothing but that is known of them, and nothing of them was touched. */
  readonly unreadable: readonly { readonly pipeline: string; readonly reason: string; readonly next: string }[];
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
  const found = records.readablePipelines();
  const isMeant = ({ pipeline }: { readonly pipeline: string }) => name === undefined || pipeline === name;
  const chosen = found.records.filter(isMeant);
  const unreadable = found.unreadable.filter(isMeant);
  if (name !== undefined && chosen.length === 0) {
    throw unreadable[0]?.error ?? new MillraceError('UNKNOWN_PIPELINE', { name, known: namesOf(found) });
  }
  const agent = await agentOf(session.home);
  const tasks = agent ? await createProcessDriver(session.home).list() : undefined;
  const used = records.frameworks().filter(({ users }) => name === undefined || users.includes(name));
  const owners = new Set([
    ...[...chosen, ...unreadable].map(({ pipeline }) => pipeline),
    ...used.map(({ framework }) => framework),
    'millrace',
  ]);
  return {
    home: session.home.root,
    agent: agent ? 'running' : 'not running',
    console: consoleUrl(session.home) ?? null,
    ...(await standings(session, tasks, { records: chosen, unreadable }, used)),
    tasks: (tasks ?? []).filter(({ owner }) => owners.has(owner.name)),
  };
}

async function standings(
  session: Session,
  tasks: readonly TaskStatus[] | undefined,
  pipelines: ReadPipelines,
  used: readonly FrameworkRecord[],
): Promise<Pick<Status, 'pipelines' | 'unreadable' | 'frameworks'>> {
  const statuses = tasks && new Map(tasks.map((task) => [task.id, task]));
  const control = { agent: statuses !== undefined, worker: statuses?.get(workerTask)?.phase === 'running' };
  const secrets = createSecrets(session.home.secretsDir);
  const servers = await Promise.all(used.map((record) => seeServers(record, statuses, secrets, control)));
  const records = createRecords(session.home);
  const kafka = new KafkaLine({ record: () => records.framework('kafka'), secrets, now: Date.now });
  const newest: ReadNewestDeadLetter = (pipeline, topics) => newestDeadLetter({ records, secrets }, pipeline, topics);
  const world = {
    statuses,
    worker: control.worker,
    kafka,
    newestDeadLetter: newest,
    readQueues: queueReader({ records, secrets }),
    facts: servers.map(({ fact }) => fact),
  };
  // A record that is whole by its form, and that nothing can be made of, hides no other either.
  const failed: UnreadableRecord[] = [...pipelines.unreadable];
  const looks = pipelines.records.map(async (record) => {
    const { pipeline } = record;
    const look = pipelineStatus(session, record, world);
    return await look.catch((thrown) => void failed.push({ pipeline, error: asMillraceError(thrown) }));
  });
  const shown = (await Promise.all(looks)).filter((each) => each !== undefined);
  await kafka.close();
  const frameworks = used.map(({ framework, users }, at) => ({ framework, ...servers[at]!.standing, users }));
  return { pipelines: shown, unreadable: failed.map(unreadableOf), frameworks };
}

function unreadableOf({ pipeline, error }: UnreadableRecord): Status['unreadable'][number] {
  return { pipeline, reason: error.message, next: error.toJSON().next };
}

interface World {
  readonly statuses: Statuses;
  readonly worker: boolean;
  readonly kafka: KafkaLine;
  readonly newestDeadLetter: ReadNewestDeadLetter;
  readonly readQueues: ReadQueues;
  readonly facts: readonly FrameworkFact[];
}

/** By its data; its tasks are asked for what they wait for, besides. */
async function pipelineStatus(session: Session, record: PipelineRecord, { facts, ...world }: World) {
  const { pipeline, blueprint, revision, endpoints, error } = record;
  const names = record.plan.frameworks.map(({ framework }) => framework as string);
  const books = booksOf(session, record);
  const [seen, found] = await Promise.all([
    seePipeline(world.statuses, record),
    lookNow(record, {
      ...{ ...world, ...books, now: Date.now, pause: (ms: number) => sleep(ms) },
      frameworks: facts.filter(({ framework }) => names.includes(framework)),
    }),
  ]);
  const verdict = flowStateOf(found, Date.now());
  const isUp = record.state === 'flowing' && verdict.state !== 'stopped';
  const waitsFor = isUp ? waitsOf(seen) : [];
  const ports = controlPorts(session.home);
  const url = ports === undefined ? null : workflowUrl(ports, workflowIds.pipeline(pipeline));
  return {
    ...{ pipeline, blueprint, revision, ...verdict, waitsFor, endpoints, workflowUrl: url },
    ...(error ? { error } : {}),
  };
}

/** Where the books can't be read, all faults that are seen now count; `millrace ledger` says why. */
function booksOf({ home }: Session, record: PipelineRecord): Pick<LookNow, 'acknowledged' | 'open'> {
  const file = join(home.historyDir, record.pipeline, booksFileName);
  try {
    return { acknowledged: acknowledgedIn(file), open: openIn(file, record, Date.now()) };
  } catch {
    return { acknowledged: [], open: [] };
  }
}

/** A client's error may be long; with `--json` it is whole. */
function clipped(text: string): string {
  return text.length > longestWait ? `${text.slice(0, longestWait - 1)}…` : text;
}

function render({ home, agent, console, pipelines, unreadable, frameworks, tasks }: Status): string {
  const lines = [`home ${home}; agent ${agent}`];
  if (console !== null) lines.push(`console ${console} (log in with: millrace console)`);
  lines.push('');
  for (const { pipeline, reason, next } of unreadable)
    lines.push(`${pipeline}  UNKNOWN: its record can not be read`, `  ${reason}`, `  next: ${next}`);
  if (pipelines.length + unreadable.length === 0)
    lines.push('No pipelines. Next: millrace catalog, millrace deploy BLUEPRINT');
  for (const { pipeline, revision, state, reason, next, waitsFor, endpoints, error, workflowUrl: url } of pipelines) {
    lines.push(`${pipeline}  ${state}, revision ${revision}`, `  ${clipped(reason)}`);
    if (next !== null) lines.push(`  next: ${next}`);
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
