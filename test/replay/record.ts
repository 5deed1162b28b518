/**
 * Records histories of a home's workflows as fixtures: `./millrace exec test/replay/record.ts NAME [WORKFLOW …]`, while the
 * home's control plane runs (MILLRACE_HOME); of each workflow (default: all) its newest run. Record anew only beside the old
 * ones: a history that was recorded once must replay for ever.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import proto from '@temporalio/proto';
import { connectControlPlane } from '../../platform/control/start.ts';
import { homeOf } from '../../platform/home.ts';

const [name = 'recorded', ...wanted] = process.argv.slice(2);
const directory = fileURLToPath(new URL('../fixtures/histories', import.meta.url));
mkdirSync(directory, { recursive: true });
const plane = await connectControlPlane(homeOf(process.env));
const found = new Set<string>();
for await (const { workflowId } of plane.client.workflow.list()) found.add(workflowId);
for (const workflowId of wanted.length > 0 ? wanted : found) {
  const history = await plane.client.workflow.getHandle(workflowId).fetchHistory();
  const file = join(directory, `${name}-${workflowId.replace('/', '-')}.binpb.gz`);
  const bytes = gzipSync(proto.temporal.api.history.v1.History.encode(history).finish(), { level: 9 });
  writeFileSync(file, bytes);
  console.log(`${history.events?.length ?? 0} events of ${workflowId} in ${file}, ${bytes.length} bytes`);
}
await plane.close();
