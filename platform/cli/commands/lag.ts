import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { type HopLag, type LagReport, readLag } from '../../observe/lag.ts';
import { pathwaysOf } from '../../observe/pathways.ts';
import { askTasks } from '../../observe/stages.ts';
import { queueReader } from '../../operate/readQueues.ts';
import { pipelineOf, withKafkaOf } from '../../operate/recorded.ts';
import { createRecords } from '../../records/records.ts';
import { createSecrets } from '../../secrets/secrets.ts';
import { renderPathways } from '../pathwayText.ts';
import { answer, columns, createSession, type Session } from '../session.ts';
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
    .option('--pathways', 'instead: by which chains of stages events came to each hop, and how long they took')
    .option('--json', 'print JSON')
    .action(async (pipeline: string, options) => {
      const session = createSession(options);
      const record = pipelineOf(session, pipeline);
      if (options.pathways) {
        const replies = await askTasks(record, { sinceMs: Date.now() });
        answer(session, pathwaysOf(pipeline, replies), renderPathways);
        return;
      }
      const watching = {
        watchMs: options.watchMs as number,
        pause: (ms: number) => sleep(ms),
        readQueues: readerOf(session),
      };
      answer(session, await withKafkaOf(session, (kafka) => readLag(record, kafka, watching)), render);
    });
}

function readerOf({ home }: Session) {
  return queueReader({ records: createRecords(home), secrets: createSecrets(home.secretsDir) });
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
