import type { Command } from 'commander';
import { pipelineName } from '../../model/names.ts';
import { findTrace, type TraceQuery, traceNotFound } from '../../telemetry/traceStore.ts';
import { renderWaterfall } from '../../telemetry/waterfall.ts';
import { answer, createSession } from '../session.ts';

const defaultWidth = 110;

export function addTrace(program: Command): void {
  program
    .command('trace <pipeline>')
    .description('the waterfall of one event, from the ingress to the read at the API')
    .option('--id <event>', 'the event with this id; default: the newest traced event')
    .option('--deploy', 'the newest deploy or destroy instead of an event')
    .option('--json', 'print JSON')
    .action(async (pipeline: string, options) => {
      const session = createSession(options);
      pipelineName(pipeline);
      const query: TraceQuery = options.deploy
        ? { latestOperation: pipeline }
        : options.id
          ? { eventId: options.id }
          : { latest: pipeline };
      const trace = await findTrace(session.home.spansDir, query);
      if (!trace) throw traceNotFound(query);
      const color = session.paint('bold', 'x') !== 'x';
      answer(session, trace, (found) =>
        renderWaterfall(found, { width: process.stdout.columns ?? defaultWidth, color }),
      );
    });
}
