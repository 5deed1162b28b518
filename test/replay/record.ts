/**
 * Records the histories of a home's workflows as fixtures: `./millrace exec test/replay/record.ts NAME`, while the home's
 * control plane runs (MILLRACE_HOME). Record anew only beside the old ones: a history that was recorded once must replay for ever.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import proto from '@temporalio/proto';
import { connectControlPlane } from '../../platform/control/start.ts';
import { homeOf } from '../../platform/home.ts';

const name = process.argv[2] ?? 'recorded';
const directory = fileURLToPath(new URL('../fixtures/histories', import.meta.url));
mkdirSync(directory, { recursive: true });
const plane = await connectControlPlane(homeOf(process.env));
for await (const { workflowId, runId } of plane.client.workflow.list()) {
  const history = await plane.client.workflow.getHandle(workflowId, runId).fetchHistory();
  const file = join(directory, `${name}-${workflowId.replace('/', '-')}.binpb`);
  writeFileSync(file, proto.temporal.api.history.v1.History.encode(history).finish());
  console.log(`${history.events?.length ?? 0} events of ${workflowId} in ${file}`);
}
await plane.close();
