/**
 * Records the histories of a home's workflows as fixtures: `./millrace exec test/replay/record.ts NAME`, while the home's
 * control plane runs (MILLRACE_HOME). Record anew only beside the old ones: a history that was recorded once must replay for ever.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadArtifacts } from '../../platform/artifacts/load.ts';
import { controlPorts } from '../../platform/control/controlFile.ts';
import { connectControlPlane } from '../../platform/control/start.ts';
import { cacheOf, homeOf } from '../../platform/home.ts';
import { namespace } from '../../platform/workflows/messages.ts';

const name = process.argv[2] ?? 'recorded';
const directory = fileURLToPath(new URL('../fixtures/histories', import.meta.url));
mkdirSync(directory, { recursive: true });
const home = homeOf(process.env);
const { temporal } = await loadArtifacts(cacheOf(process.env));
const address = `127.0.0.1:${controlPorts(home)?.temporal}`;
const plane = await connectControlPlane(home);
for await (const { workflowId, runId } of plane.client.workflow.list()) {
  const which = ['--workflow-id', workflowId, '--run-id', runId];
  const show = ['workflow', 'show', '--address', address, '--namespace', namespace, ...which, '--output', 'json'];
  const history = execFileSync(temporal, show, { maxBuffer: 64 * 1024 * 1024 });
  const file = join(directory, `${name}-${workflowId.replace('/', '-')}.json`);
  writeFileSync(file, history);
  console.log(`${JSON.parse(history.toString()).events.length} events of ${workflowId} in ${file}`);
}
await plane.close();
