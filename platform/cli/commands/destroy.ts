import type { Command } from 'commander';
import type { ClusterDriver } from '../../cluster/driver.ts';
import { startControlPlane } from '../../control/start.ts';
import { exitCodes, fail } from '../../errors.ts';
import { pipelineName } from '../../model/names.ts';
import type { DestroyRequest, DestroyResult } from '../../model/operations.ts';
import type { PipelineRecord } from '../../model/records.ts';
import { createRecords } from '../../records/records.ts';
import { destroyUpdate } from '../../workflows/messages.ts';
import { confirm } from '../ask.ts';
import { renderLedger } from '../ledgerText.ts';
import { carryOut, newOperationId } from '../operation.ts';
import { prepareArtifacts } from '../prepare.ts';
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
      const records = createRecords(session.home);
      const record = records.pipeline(pipelineName(pipeline));
      if (!record)
        fail('UNKNOWN_PIPELINE', { name: pipeline, known: records.pipelines().map((each) => each.pipeline) });
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
        const carried = { plane, pipeline, kind: 'destroy', update: destroyUpdate, request };
        const result = await carryOut<DestroyRequest, DestroyResult>(session, carried);
        answer(session, result, ({ ledger }) => `${pipeline} is removed.\n${renderLedger(ledger)}`);
        if (result.ledger.left.length > 0) process.exitCode = exitCodes.runtime;
      } finally {
        await plane.close();
      }
    });
}

/**
 * After `down`, the servers that hold the pipeline's data and users must run for these to be removed. Those that run are left
 * alone; nothing is waited for, since removals are tried until their server answers. Throws PORT_TAKEN, before any removal.
 */
async function resumeServers(driver: ClusterDriver, { plan }: PipelineRecord, keepData: boolean): Promise<void> {
  const asked = ['kafka', 'cassandra', ...(keepData ? [] : ['redis'])];
  const used = plan.frameworks.map(({ framework }) => framework).filter((name) => asked.includes(name));
  for (const { id, owner } of await driver.list()) {
    if (owner.kind === 'framework' && used.some((name) => name === owner.name)) await driver.resume(id);
  }
}
