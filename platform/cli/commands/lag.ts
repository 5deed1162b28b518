import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { type HopLag, type LagReport, readLag } from '../../observe/lag.ts';
import { pipelineOf, withKafkaOf } from '../../operate/recorded.ts';
import { answer, columns, createSession } from '../session.ts';
import { wholeNumber } from '../settings.ts';

export function addLag(program: Command): void {
  program
    .command('lag <pipeline>')
    .description('how far each hop is behind: records, seconds, time to drain; and which one holds the others up')
    .option(
      '--watch-ms <n>',
      'how long rates are measured, in milliseconds',
      wholeNumber('--watch-ms', 100, 60_000, 'lag'),
      1000,
    )
    .option('--json', 'print JSON')
    .action(async (pipeline: string, options) => {
      const session = createSession(options);
      const record = pipelineOf(session, pipeline);
      const watching = { watchMs: options.watchMs as number, pause: (ms: number) => sleep(ms) };
      answer(session, await withKafkaOf(session, (kafka) => readLag(record, kafka, watching)), render);
    });
}

export function render({ pipeline, hops, guilty, watchedSeconds }: LagReport): string {
  const heading = ['hop', 'topic', 'records', 'seconds', 'in/s', 'done/s', 'drains in'];
  const why = isUndated(hops.find(({ hop }) => hop === guilty))
    ? 'how old its oldest record is can not be told, and more wait than it does in 5 s'
    : 'its oldest record is the oldest';
  const verdict = guilty === null ? `${pipeline} is up to date.` : `${guilty} holds ${pipeline} up: ${why}.`;
  return [columns([heading, ...hops.map(row)]), '', `${verdict} Rates over ${watchedSeconds} s.`].join('\n');
}

/** Something waits, and nobody knows since when: Kafka has it no more, or it is older than a week. */
function isUndated(hop: HopLag | undefined): boolean {
  return hop !== undefined && hop.lagSeconds === null && (hop.lagRecords ?? 0) > 0;
}

function row(lag: HopLag): string[] {
  const { hop, topic, lagRecords, lagSeconds, inRate, outRate, drainSeconds } = lag;
  const show = (value: number | null) => (value === null ? '–' : `${value}`);
  const drains = lagRecords === null ? '–' : drainSeconds === null ? 'never at these rates' : `${drainSeconds} s`;
  const seconds = isUndated(lag) ? 'unknown' : show(lagSeconds);
  return [hop, topic, show(lagRecords), seconds, show(inRate), show(outRate), drains];
}
