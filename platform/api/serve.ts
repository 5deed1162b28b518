/** Serves, from when it is loaded (main.ts): the HTTP server with all that it shows. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOperation } from '../activities/operationRecord.ts';
import { createProcessDriver } from '../cluster/process/driver.ts';
import { buildConsole } from '../console/build.ts';
import { controlPorts } from '../control/controlFile.ts';
import { workflowUrl } from '../control/workflowUrl.ts';
import { cacheOf, homeOf } from '../home.ts';
import { apiTask } from '../model/controlPlane.ts';
import { listOperations } from '../operate/operations.ts';
import { createRecords } from '../records/records.ts';
import { createSecrets } from '../secrets/secrets.ts';
import { forwardDrops, spanDrops } from '../telemetry/drops.ts';
import { createForwarder } from '../telemetry/otlp/forward.ts';
import { createSpanRecorder } from '../telemetry/recorder.ts';
import { workflowIds } from '../workflows/messages.ts';
import { createConsoleFiles } from './consoleFiles.ts';
import { createCredentials } from './credentials.ts';
import { createEventBus } from './eventBus.ts';
import { taskNamed } from './handlers/cluster.ts';
import { createHandlers } from './handlers/registry.ts';
import { followLog } from './logLines.ts';
import { openOtlp } from './openOtlp.ts';
import { openParts } from './parts.ts';
import type { Reach } from './reach.ts';
import { startApiServer } from './server.ts';
import { createWorkflows } from './temporal.ts';
import { watchOperations } from './watchOperations.ts';
import { watchTasks } from './watchTasks.ts';
import { whenIdle } from './whenIdle.ts';

const { env } = process;
const newestLooked = 10;
/** Less than its task is given (renderApi). */
const stopWithinMs = 4000;
const home = homeOf(env);
const cache = cacheOf(env);
const repoRoot = fileURLToPath(new URL('../..', import.meta.url));
const log = (message: string) => console.log(`${new Date().toISOString()} ${message}`);

const driver = createProcessDriver(home);
const records = createRecords(home);
const secrets = createSecrets(home.secretsDir);
const recorder = createSpanRecorder({
  service: 'millrace.api',
  instance: apiTask,
  spansDir: home.spansDir,
  env,
});
const bus = createEventBus(join(home.apiDir, 'events'));
const workflows = createWorkflows(home, recorder);
const ports = controlPorts(home);
const urlOf = (pipeline: string) => (ports ? workflowUrl(ports, workflowIds.pipeline(pipeline)) : null);
const forward = createForwarder(env);
const parts = await openParts({
  ...{ home, records, secrets, driver, env, log, bus },
  drops: () => [...spanDrops(apiTask, recorder.counters), ...forwardDrops(apiTask, forward)],
  workflowUrl: urlOf,
});
const reach: Reach = {
  ...{ home, cache, repoRoot, env, service: 'millrace.api', driver, records, secrets, bus },
  ...parts,
  workflowUrl: urlOf,
  handOver: workflows.handOver,
  cancel: workflows.cancel,
};
const files = createConsoleFiles(() => buildConsole(cache, repoRoot));
const { version } = JSON.parse(readFileSync(join(repoRoot, 'package.json'), 'utf8')) as { version: string };
const credentials = createCredentials(home.apiDir);
const otlp = await openOtlp({
  store: parts.store,
  token: credentials.bearer(),
  port: Number(env.MILLRACE_OTLP_PORT),
  forward,
  log,
});
const server = await startApiServer({
  ...{ port: Number(env.MILLRACE_API_PORT), version, bus, log },
  credentials,
  plugins: [otlp.http],
  handlers: createHandlers(reach),
  followLog: async (task, open) => followLog(driver, taskNamed(reach, task), open()),
  consoleFile: files.serve,
});
log(`the API answers at http://127.0.0.1:${server.port}`);
const ends = [
  watchOperations(home, bus, recordOf),
  watchTasks(driver, bus),
  whenIdle(() => listOperations(home, newestLooked).some(({ state }) => state === 'running'), files.begin),
];

/** A record that can't be read is told by whoever asks for it; the others are watched on. */
function recordOf(id: string) {
  try {
    return readOperation(home, id);
  } catch {
    return undefined;
  }
}

async function stop(): Promise<void> {
  for (const end of ends) end();
  // A webhook or a Valkey that does not answer: what is left of it is taken up by the next process.
  setTimeout(() => process.exit(0), stopWithinMs).unref();
  await Promise.allSettled([server.close(), otlp.close()]);
  await Promise.allSettled([parts.close(), workflows.close(), recorder.shutdown()]);
  process.exit(0);
}
process.once('SIGTERM', () => void stop());
process.once('SIGINT', () => void stop());
