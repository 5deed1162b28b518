/** A Temporal server of a test's own, with a worker of today's workflows on activities that the test gives. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { workflowBundle } from '../../../platform/control/bundle.ts';
import { controlAddress, renderTemporal } from '../../../platform/control/tasks.ts';
import { namespace, taskQueue } from '../../../platform/workflows/messages.ts';
import { artifactsForTests } from '../frameworks/artifacts.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface TemporalRoom {
  readonly client: Client;
  close(): Promise<void>;
}

/** Four ports from `firstPort` on; the database and the bundle lie in `directory`. */
export async function openTemporalRoom(
  firstPort: number,
  directory: string,
  activities: Readonly<Record<string, (...input: never[]) => Promise<unknown>>>,
): Promise<TemporalRoom> {
  const ports = { temporal: firstPort, ui: firstPort + 1, http: firstPort + 2, metrics: firstPort + 3 };
  const { argv } = renderTemporal('node-1', ports, await artifactsForTests());
  const [program, ...rest] = argv.map((text) => text.replace('{dataDir}', directory));
  const server = spawn(program!, rest, { stdio: 'ignore' });
  const address = `${controlAddress}:${firstPort}`;
  const client = new Client({ connection: await connected(address), namespace });
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    ...{ connection, namespace, taskQueue },
    workflowBundle: { codePath: await workflowBundle(root, directory) },
    activities,
  });
  const working = worker.run();
  return {
    client,
    async close() {
      worker.shutdown();
      await working;
      await connection.close();
      await client.connection.close();
      await ended(server);
    },
  };
}

async function connected(address: string): Promise<Connection> {
  for (;;) {
    const made = await Connection.connect({ address, connectTimeout: '2s' }).catch(() => undefined);
    const found = await made?.workflowService.describeNamespace({ namespace }).catch(() => undefined);
    if (made !== undefined && found !== undefined) return made;
    await made?.close();
    await sleep(100);
  }
}

async function ended(server: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  await gone;
}
