/**
 * Entry of a task that runs a service of a blueprint: `node platform/sdk/serviceHost.ts --config FILE`. It listens at once
 * and waits for its servers by itself; SIGTERM: answers what is under way, closes its clients, exits with 0.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { reasonOf } from '../connectors/backoff.ts';
import type { NodeTaskConfig } from '../connectors/config.ts';
import { startServiceTask } from './serviceTask.ts';

/** After this long a drain that hangs is given up. */
const stopWithinMs = 14_000;

const log = (message: string) => process.stdout.write(`${new Date().toISOString()} ${message}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { config: { type: 'string' } } });
  if (values.config === undefined) throw new Error('give --config FILE');
  const config = JSON.parse(await readFile(values.config, 'utf8')) as NodeTaskConfig;
  const repoRoot = new URL('../..', import.meta.url).pathname;
  const task = await startServiceTask(config, { repoRoot, log, env: process.env });
  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    log(`${signal}: answers what is under way`);
    setTimeout(() => process.exit(1), stopWithinMs).unref();
    await task.stop();
    log('stopped');
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
  log(`${config.task} of pipeline ${config.pipeline}, revision ${config.revision}, runs`);
}

main().catch((error) => {
  log(`can not start: ${reasonOf(error)}`);
  process.exit(1);
});
