/** The platform worker: a process that runs the workflows and activities. Started by the agent, stateless, replaceable. */
import { flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/registry.ts';
import { loadArtifacts } from '../artifacts/load.ts';
import { createProcessDriver } from '../cluster/process/driver.ts';
import { cacheOf, homeOf } from '../home.ts';
import { createRecords } from '../records/records.ts';
import { createSecrets } from '../secrets/secrets.ts';
import { createSpanRecorder } from '../telemetry/recorder.ts';
import { namespace, taskQueue } from '../workflows/messages.ts';
import { workflowBundle } from './bundle.ts';

const retryMs = 100;

const { env } = process;
const home = homeOf(env);
const cache = cacheOf(env);
const repoRoot = fileURLToPath(new URL('../..', import.meta.url));
const address = env.MILLRACE_TEMPORAL ?? '';

Runtime.install({
  shutdownSignals: ['SIGTERM', 'SIGINT'],
  telemetryOptions: { logging: { filter: 'WARN', forward: {} } },
});

const recorder = createSpanRecorder({
  service: 'millrace.worker',
  instance: 'millrace.worker.0',
  spansDir: home.spansDir,
  env,
});
const bundle = workflowBundle(repoRoot, cache);
// In a new checkout: what the worker has just compiled, the pipeline's tasks need not compile again. Else it costs 1 ms.
flushCompileCache();
const connection = await untilConnected(() => NativeConnection.connect({ address }));
const clientConnection = await untilConnected(() => Connection.connect({ address }));
let artifacts: ReturnType<typeof loadArtifacts> | undefined;
const activities = createActivities({
  home,
  cache,
  repoRoot,
  driver: createProcessDriver(home),
  artifacts: () => {
    artifacts ??= loadArtifacts(cache).catch((error) => {
      artifacts = undefined;
      throw error;
    });
    return artifacts;
  },
  records: createRecords(home),
  secrets: createSecrets(home.secretsDir),
  recorder,
  temporal: new Client({ connection: clientConnection, namespace }),
  taskEnv: Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('OTEL_'))) as Record<
    string,
    string
  >,
});
const worker = await untilConnected(async () =>
  Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: { codePath: await bundle },
    activities,
    maxConcurrentActivityTaskExecutions: 64,
    maxCachedWorkflows: 64,
    shutdownGraceTime: '5s',
    // A cancellation comes in with the answer to a heartbeat: by default every 4 s, which a rollback would wait for.
    maxHeartbeatThrottleInterval: '1s',
  }),
);
console.log(`worker of ${repoRoot} polls ${taskQueue} at ${address}`);
await worker.run();
await recorder.shutdown();
process.exit(0);

/** Temporal may be starting, or restarting: the worker waits for it instead of crashing. */
async function untilConnected<T>(connect: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await connect();
    } catch (error) {
      if (attempt % 50 === 0) console.error(`Temporal at ${address} does not answer: ${(error as Error).message}`);
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}
