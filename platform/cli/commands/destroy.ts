import type { Command } from 'commander';
import { startControlPlane } from '../../control/start.ts';
import { exitCodes } from '../../errors.ts';
import type { Ledger } from '../../model/ledger.ts';
import type { DestroyRequest, DestroyResult } from '../../model/operations.ts';
import { carryOut, newOperationId } from '../../operate/carryOut.ts';
import { pipelineOf } from '../../operate/recorded.ts';
import { resumeServers } from '../../operate/resumeServers.ts';
import { destroyUpdate } from '../../workflows/messages.ts';
import { confirm } from '../ask.ts';
import { renderLedger } from '../ledgerText.ts';
import { prepareArtifacts } from '../prepare.ts';
import { progressLines } from '../progressLines.ts';
import { answer, createSession } from '../session.ts';

export function addDestroy(program: Command): void {
  program
    .command('destroy <pipeline>')
    .description('remove a pipeline with its data; ends with a ledger of what was removed')
    .option('--keep-data', 'keep topics, tables and checkpoints')
    .option('--yes', 'ask nothing')
    .option('--json', 'print JSON')
    .action(async (pipeline: string, options) => {
      const requestedAtMs = Date.now();
      const session = createSession(options);
      const record = pipelineOf(session, pipeline);
      const keepData = options.keepData === true;
      const { topics, tables } = record.plan.spec;
      const data = `${Object.keys(topics).length} topics and ${Object.keys(tables).length} tables with all their data`;
      const question = keepData
        ? `Stop and remove ${pipeline}, keeping its data?`
        : `Remove ${pipeline}, with ${data}?`;
      if (!(await confirm(session, question, `destroy ${pipeline}`))) return;
      const plane = await startControlPlane(session, await prepareArtifacts(session));
      try {
        await resumeServers(plane.driver, record, keepData);
        const request = { id: newOperationId('destroy', pipeline), pipeline, keepData, requestedAtMs };
        const onEntry = progressLines(session).show;
        const carried = { plane, pipeline, kind: 'destroy', update: destroyUpdate, request, onEntry };
        const result = await carryOut<DestroyRequest, DestroyResult>(session, carried);
        answer(session, result, ({ ledger }) => `${headline(pipeline, ledger)}\n${renderLedger(ledger)}`);
        if (result.ledger.left.length > 0) process.exitCode = exitCodes.runtime;
      } finally {
        await plane.close();
      }
    });
}

function headline(pipeline: string, { left }: Ledger): string {
  if (left.length === 0) return `${pipeline} is removed.`;
  return `${pipeline} is not wholly removed: ${left.length} left behind. Next: millrace destroy ${pipeline}`;
}
