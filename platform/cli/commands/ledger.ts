import { join } from 'node:path';
import type { Command } from 'commander';
import { type Acknowledged, acknowledgeBody } from '../../api/contract/pipelines.ts';
import { exitCodes, fail } from '../../errors.ts';
import type { PipelineRecord } from '../../model/records.ts';
import { type PipelineLedger, readLedger } from '../../observe/ledger.ts';
import {
  acknowledgedIn,
  besides,
  booksFileName,
  type KnownFault,
  type OpenFault,
  openFaultOf,
  openIn,
  stillOpen,
  withAcknowledged,
} from '../../observe/watch/booksFile.ts';
import { pipelineOf, withKafkaOf } from '../../operate/recorded.ts';
import type { LedgerFault, WindowBalance } from '../../telemetry/conservation/report.ts';
import { askApi } from '../api.ts';
import { answer, columns, createSession, type Session } from '../session.ts';
import { wholeNumber } from '../settings.ts';

interface Options {
  readonly windows: number;
  readonly acknowledge?: boolean;
  readonly window?: string;
  readonly note?: string;
  readonly json?: boolean;
}

export function addLedger(program: Command): void {
  program
    .command('ledger <pipeline>')
    .description('the proof of conservation: each window of origin time balanced, in flight, or the stage named')
    .option('--windows <n>', 'print the newest so many windows', wholeNumber('--windows', 1, 100_000, 'ledger'), 12)
    .option('--acknowledge', 'what does not balance was seen: it stays in the ledger, and makes no trouble any more')
    .option('--window <origin>', 'with --acknowledge: only of the window that begins then (its origin as printed)')
    .option('--note <text>', 'with --acknowledge: why, kept and shown beside it; one line, at most 500 characters')
    .option('--json', 'print JSON, all windows')
    .action(async (pipeline: string, options: Options) => {
      const session = createSession(options);
      if (options.acknowledge === true) await acknowledge(session, pipeline, options);
      else await show(session, pipeline, options);
    });
}

async function show(session: Session, pipeline: string, options: Options): Promise<void> {
  for (const given of ['window', 'note'] as const) {
    if (options[given] !== undefined)
      fail('INVALID_ARGUMENT', { reason: `--${given} goes with --acknowledge`, command: 'ledger' });
  }
  const record = pipelineOf(session, pipeline);
  const found = await withKafkaOf(session, (kafka) => readLedger(record, kafka, Date.now()));
  const { known, open, faults } = booksOf(join(session.home.historyDir, pipeline, booksFileName), record);
  const ledger: PipelineLedger = {
    ...withAcknowledged(found, known),
    faults: [...found.faults, ...faults],
    openFaults: stillOpen(open, found.windows).map(openFaultOf),
  };
  answer(session, ledger, (value) => render(value, options.windows));
  if (isAnyOpen(ledger)) process.exitCode = exitCodes.runtime;
}

interface FromBooks {
  readonly known: readonly KnownFault[];
  readonly open: readonly KnownFault[];
  readonly faults: readonly string[];
}

/** The ledger is told without what can't be read: then all faults of its windows count. */
function booksOf(file: string, record: PipelineRecord): FromBooks {
  try {
    return { known: acknowledgedIn(file), open: openIn(file, record, Date.now()), faults: [] };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return { known: [], open: [], faults: [`what was acknowledged is not known: ${reason}`] };
  }
}

/** Told to the API, whose observer keeps the books. */
async function acknowledge(session: Session, pipeline: string, { window, note }: Options): Promise<void> {
  checkNote(note);
  pipelineOf(session, pipeline);
  const body = {
    ...(window === undefined ? {} : { origin: originOf(window) }),
    ...(note === undefined ? {} : { note }),
  };
  answer(session, await askApi(session, 'acknowledge', { params: { pipeline }, body }), renderAcknowledged);
}

/** Throws INVALID_ARGUMENT. */
function checkNote(note: string | undefined): void {
  const issue = acknowledgeBody.shape.note.safeParse(note).error?.issues[0];
  if (issue !== undefined) fail('INVALID_ARGUMENT', { reason: `--note: ${issue.message}`, command: 'ledger' });
}

function originOf(window: string): string {
  const ms = Date.parse(window);
  if (Number.isNaN(ms))
    fail('INVALID_ARGUMENT', {
      reason: `--window takes the origin of a window as it is printed (2026-11-24T19:06:00.000Z), not "${window}"`,
      command: 'ledger',
    });
  return new Date(ms).toISOString();
}

function renderAcknowledged({ pipeline, faults }: Acknowledged): string {
  if (faults.length === 0) return `${pipeline}: nothing to acknowledge. See: millrace ledger ${pipeline}`;
  return [
    ...faults.map(({ origin, text }) => `acknowledged ${origin}: ${text}`),
    `They stay in the ledger and in its sums, and no longer count in the state of ${pipeline}, nor in its alerts while their windows are kept; a new fault does.`,
  ].join('\n');
}

/** What `millrace ledger` prints, the newest `shown` of its windows. */
export function render(ledger: PipelineLedger, shown: number): string {
  const { pipeline, windows, lost, duplicated, replayed, windowMs, faults } = ledger;
  const count = (state: WindowBalance['state']) => windows.filter((each) => each.state === state).length;
  const states = (['balanced', 'in-flight', 'unknown', 'unbalanced'] as const)
    .filter((state) => count(state) > 0)
    .map((state) => `${count(state)} ${state}`);
  return [
    `${pipeline}: ${windows.length} windows of ${windowMs / 1000} s: ${states.join(', ') || 'nothing was counted yet'}`,
    `lost ${lost}, duplicated ${duplicated}, replayed ${replayed} (came again and were known)`,
    '',
    columns([['origin', 'state', 'events', 'why'], ...windows.slice(-shown).map(row)]),
    ...windows.flatMap((window) => window.faults.map((fault) => unbalanced(window, fault))),
    ...beside(ledger).map(
      ({ origin, text }) => `UNBALANCED ${origin}: ${text}; found before, the window is no longer known`,
    ),
    ...(isAnyOpen(ledger) ? [`Once you have seen why: millrace ledger ${pipeline} --acknowledge`] : []),
    ...faults.map((fault) => `note: ${fault}`),
  ].join('\n');
}

/** Whether a fault counts, in a window that is still known or in one that no longer is. */
export function isAnyOpen(ledger: PipelineLedger): boolean {
  return ledger.openFaults.length > 0 || ledger.windows.some(({ faults }) => faults.some(isOpen));
}

function beside({ openFaults, windows }: PipelineLedger): readonly OpenFault[] {
  return besides(
    openFaults,
    windows.flatMap(({ originMs, faults }) => faults.map(({ stage }) => ({ originMs, stage }))),
  );
}

function isOpen({ acknowledged }: LedgerFault): boolean {
  return acknowledged === undefined;
}

function row({ origin, state, stages, faults, waitsFor }: WindowBalance): string[] {
  const events = Math.max(0, ...stages.map((stage) => stage.out?.count ?? 0));
  return [origin, state, `${events}`, [...faults.map(({ text }) => text), ...waitsFor].join('; ')];
}

function unbalanced({ origin }: WindowBalance, { text, hash, acknowledged }: LedgerFault): string {
  const which = hash === undefined ? '' : `, the one whose id has hash ${hash}`;
  if (acknowledged === undefined) return `UNBALANCED ${origin}: ${text}${which}`;
  const { atMs, note } = acknowledged;
  const why = note === null ? '' : `: ${note}`;
  return `unbalanced ${origin}: ${text}${which}; acknowledged ${new Date(atMs).toISOString()}${why}`;
}
