import type { Command } from 'commander';
import { exitCodes } from '../../errors.ts';
import { type PipelineLedger, readLedger } from '../../observe/ledger.ts';
import { pipelineOf, withKafkaOf } from '../../operate/recorded.ts';
import type { WindowBalance } from '../../telemetry/conservation/report.ts';
import { answer, columns, createSession } from '../session.ts';
import { wholeNumber } from '../settings.ts';

export function addLedger(program: Command): void {
  program
    .command('ledger <pipeline>')
    .description('the proof of conservation: each window of origin time balanced, in flight, or the stage named')
    .option('--windows <n>', 'print the newest so many windows', wholeNumber('--windows', 1, 100_000, 'ledger'), 12)
    .option('--json', 'print JSON, all windows')
    .action(async (pipeline: string, options) => {
      const session = createSession(options);
      const record = pipelineOf(session, pipeline);
      const ledger = await withKafkaOf(session, (kafka) => readLedger(record, kafka, Date.now()));
      answer(session, ledger, (value) => render(value, options.windows));
      if (ledger.windows.some(({ state }) => state === 'unbalanced')) process.exitCode = exitCodes.runtime;
    });
}

function render(ledger: PipelineLedger, shown: number): string {
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
    ...windows.flatMap((window) => window.faults.map(({ text, hash }) => unbalanced(window, text, hash))),
    ...faults.map((fault) => `note: ${fault}`),
  ].join('\n');
}

function row({ origin, state, stages, faults, waitsFor }: WindowBalance): string[] {
  const events = Math.max(0, ...stages.map((stage) => stage.out?.count ?? 0));
  return [origin, state, `${events}`, [...faults.map(({ text }) => text), ...waitsFor].join('; ')];
}

function unbalanced({ origin }: WindowBalance, text: string, hash: string | undefined): string {
  return `UNBALANCED ${origin}: ${text}${hash === undefined ? '' : `, the one whose id has hash ${hash}`}`;
}
