/**
 * Makes the class-data archive of Spark: one for master, worker, driver and executor. Each writes the list of the classes
 * that it loads while a small pipeline runs on a Kafka of its own; the lists together are dumped as one static archive.
 * Takes about a minute and 190 MB, once per version.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskSpec } from '../../cluster/driver.ts';
import { fail } from '../../errors.ts';
import type { Artifacts, FrameworkAccess } from '../contract.ts';
import { kafkaAccess, kafkaAdminUser } from '../kafka/access.ts';
import { connectKafkaAdmin } from '../kafka/admin.ts';
import { kafkaPackage } from '../kafka/package.ts';
import type { KafkaOptions } from '../kafka/spec.ts';
import { accessOf, deadlineMs, end, placeTask, type Server, start, untilReady, whileRetryable } from '../trial.ts';
import { renderSparkDriver, sparkDriverDemand } from './driver-task.ts';
import { sparkClassPath } from './jvm.ts';
import { sparkPackage } from './package.ts';
import { produceSample, sampleOf, sampleTopics } from './sample.ts';
import type { SparkOptions } from './spec.ts';

/** Writes the archive to `jsaPath`; everything else it makes lies beside it. Throws TASK_FAILED, NOT_READY. */
export async function runSparkForArchive(artifacts: Artifacts, jsaPath: string): Promise<void> {
  const directory = join(dirname(jsaPath), 'spark-run');
  const lists = join(directory, 'lists');
  mkdirSync(lists, { recursive: true });
  const servers: Server[] = [];
  const kafka = await accessOf(kafkaPackage, artifacts);
  const spark = await accessOf(sparkPackage, { ...artifacts, classDataArchive: () => undefined });
  try {
    const [broker] = kafka.placements;
    servers.push(
      start(kafkaPackage.render({ ...kafka, placement: broker! }), join(directory, 'kafka'), '-Xshare:auto'),
    );
    for (const placement of spark.placements) {
      const spec = listing(sparkPackage.render({ ...spark, placement }), lists);
      servers.push(start(spec, join(directory, placement.task), '-Xshare:auto'));
    }
    await untilReady(kafkaPackage, kafka, broker!, servers[0]!);
    await whileRetryable(() => makeTopics(kafka));
    await runDriver(kafka, spark, directory, lists, servers);
  } finally {
    for (const server of servers.reverse()) await end(server.process);
  }
  await dump(artifacts, mergedList(lists, directory), jsaPath);
}

/** The environment reaches a worker's executors, too. */
function listing(spec: TaskSpec, lists: string): TaskSpec {
  return { ...spec, env: { ...spec.env, JAVA_TOOL_OPTIONS: `-XX:DumpLoadedClassList=${lists}/${spec.id}-%p.lst` } };
}

async function makeTopics(kafka: FrameworkAccess<KafkaOptions>): Promise<void> {
  const admin = await connectKafkaAdmin(kafka);
  try {
    await admin.ensureTopics(sampleTopics.map((name) => ({ name, partitions: 2, replicationFactor: 1, config: {} })));
  } finally {
    await admin.close();
  }
}

/** Runs a real-time and a windowed job until each has read what was sent. */
async function runDriver(
  kafka: FrameworkAccess<KafkaOptions>,
  spark: FrameworkAccess<SparkOptions>,
  directory: string,
  lists: string,
  servers: Server[],
): Promise<void> {
  const access = kafkaAccess(kafka, kafkaAdminUser, kafka.secret('admin'));
  const placement = await placeTask(sparkDriverDemand(sampleOf().pipeline, spark.options));
  const spec = renderSparkDriver({ ...sampleOf(), revision: 1, placement, spark, kafka: access });
  const driver = start(listing(spec, lists), join(directory, placement.task), '-Xshare:auto');
  servers.push(driver);
  const began = performance.now();
  while (!(await hasRead(placement.address, placement.ports.health!))) {
    await produceSample(access);
    const { exitCode, signalCode } = driver.process;
    const tail = readFileSync(driver.logFile, 'utf8').split('\n').slice(-20).join('\n');
    if (exitCode !== null || signalCode !== null)
      fail('TASK_FAILED', { task: placement.task, ending: `with ${exitCode ?? signalCode}`, tail });
    if (performance.now() - began > deadlineMs)
      fail('NOT_READY', { task: placement.task, waited: `${deadlineMs / 1000} s`, reason: tail });
    await sleep(1000);
  }
}

/** Whether the windowed job has ended three batches: later ones load few classes more. */
async function hasRead(address: string, port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://${address}:${port}/healthz`, { signal: AbortSignal.timeout(4000) });
    const { ready, queries } = (await response.json()) as { ready: boolean; queries: { batchId: number }[] };
    return ready && queries.some(({ batchId }) => batchId >= 3);
  } catch {
    return false;
  }
}

/** Each class once, without those of other class loaders (`source:`), which an archive takes only with their parents. */
function mergedList(lists: string, directory: string): string {
  const lines = new Set<string>();
  for (const file of readdirSync(lists)) {
    for (const line of readFileSync(join(lists, file), 'utf8').split('\n')) {
      if (line !== '' && !line.startsWith('#') && !line.includes(' source:')) lines.add(line.split(' id:')[0]!);
    }
  }
  const merged = join(directory, 'merged.lst');
  writeFileSync(merged, `${[...lines].join('\n')}\n`);
  return merged;
}

async function dump(artifacts: Artifacts, list: string, jsaPath: string): Promise<void> {
  const options = [
    '-Xshare:dump',
    '-XX:+UseSerialGC',
    `-XX:SharedClassListFile=${list}`,
    `-XX:SharedArchiveFile=${jsaPath}`,
  ];
  const child = spawn(artifacts.java, [...options, '-Xlog:cds=off', '-cp', sparkClassPath(artifacts)], {
    stdio: 'ignore',
  });
  await once(child, 'exit');
  if (child.exitCode === 0) return;
  fail('TASK_FAILED', {
    task: 'class-data of spark',
    ending: `with ${child.exitCode ?? child.signalCode}`,
    tail: 'java -Xshare:dump',
  });
}
