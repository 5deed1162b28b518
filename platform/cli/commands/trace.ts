import type { Command } from 'commander';
import { MillraceError } from '../../errors.ts';
import { pipelineName } from '../../model/names.ts';
import { createRecords, namesOf } from '../../records/records.ts';
import { findTrace, type TraceQuery, traceNotFound } from '../../telemetry/traceStore.ts';
import { renderWaterfall } from '../../telemetry/waterfall.ts';
import { answer, createSession, type Session } from '../session.ts';

const defaultWidth = 110;

export function addTrace(program: Command): void {
  program
    .command('trace <pipeline>')
    .description('the waterfall of one event, from the ingress to the read at the API')
    .option('--id <event>', 'the event with this id; default: the newest traced event')
    .option('--deploy', 'the newest operation (deploy, scale, restart, stop, start, destroy) instead of an event')
    .option('--json', 'print JSON')
    .action(async (pipeline: string, options) => {
      const session = createSession(options);
      pipelineName(pipeline);
      const query: TraceQuery = options.deploy
        ? { latestOperation: pipeline }
        : options.id
          ? { eventId: options.id, pipeline }
          : { latest: pipeline };
      const trace = await findTrace(session.home.spansDir, query);
      if (!trace) throw absent(session, pipeline, query);
      const color = session.paint('bold', 'x') !== 'x';
      answer(session, trace, (found) =>
        renderWaterfall(found, { width: process.stdout.columns ?? defaultWidth, color }),
      );
    });
}

/** Looked at only when no trace is there: the operations of a pipeline that was destroyed can be traced still. */
function absent({ home }: Session, pipeline: string, query: TraceQuery): MillraceError {
  const known = namesOf(createRecords(home).readablePipelines());
  return known.includes(pipeline)
    ? traceNotFound(query)
    : new MillraceError('UNKNOWN_PIPELINE', { name: pipeline, known });
}
