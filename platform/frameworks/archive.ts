/**
 * The run of a server that makes its class-data archive, for `makeClassDataArchive` of platform/artifacts: started in a
 * directory of its own with -XX:ArchiveClassesAtExit, used a little, so that the classes of logins and schema changes are
 * loaded, and ended by SIGTERM, upon which the JVM writes the archive. About 10 s, once per version.
 */
import { dirname, join } from 'node:path';
import { tableSpec } from '../model/blueprint.ts';
import { connectCassandraAdmin } from './cassandra/admin.ts';
import { cassandraPackage } from './cassandra/package.ts';
import type { Artifacts, FrameworkAccess, FrameworkPackage } from './contract.ts';
import { connectKafkaAdmin } from './kafka/admin.ts';
import { kafkaPackage } from './kafka/package.ts';
import { runSparkForArchive } from './spark/archive.ts';
import { accessOf, end, start, untilReady, whileRetryable } from './trial.ts';

export const archivedFrameworks = ['kafka', 'cassandra', 'spark'] as const;
export type ArchivedFramework = (typeof archivedFrameworks)[number];

/** Writes the archive to `jsaPath`; everything else it makes lies beside it. Throws TASK_FAILED, NOT_READY. */
export async function runForArchive(name: ArchivedFramework, artifacts: Artifacts, jsaPath: string): Promise<void> {
  if (name === 'spark') return runSparkForArchive(artifacts, jsaPath);
  if (name === 'kafka') return runOne(kafkaPackage, artifacts, jsaPath, useKafka);
  return runOne(cassandraPackage, artifacts, jsaPath, useCassandra);
}

async function runOne<O>(
  framework: FrameworkPackage<O>,
  artifacts: Artifacts,
  jsaPath: string,
  use: (access: FrameworkAccess<O>) => Promise<void>,
): Promise<void> {
  const access = await accessOf(framework, { ...artifacts, classDataArchive: () => undefined });
  const placement = access.placements[0]!;
  const spec = framework.render({ ...access, placement });
  const server = start(spec, join(dirname(jsaPath), `${framework.name}-run`), `-XX:ArchiveClassesAtExit=${jsaPath}`);
  try {
    await untilReady(framework, access, placement, server);
    await whileRetryable(() => use(access));
  } finally {
    await end(server.process);
  }
}

const useKafka = async (access: FrameworkAccess<Parameters<typeof kafkaPackage.demands>[0]>) => {
  const admin = await connectKafkaAdmin(access);
  try {
    await admin.ensureTopics([
      { name: 'used.once', partitions: 1, replicationFactor: 1, config: { 'retention.ms': '60000' } },
    ]);
    await admin.ensureUser('used', access.secret('used'), 'used.');
    await admin.lag('used.group', 'used.once');
    await admin.deleteTopics(['used.once']);
  } finally {
    await admin.close();
  }
};

const useCassandra = async (access: FrameworkAccess<Parameters<typeof cassandraPackage.demands>[0]>) => {
  const admin = await connectCassandraAdmin(access);
  try {
    await admin.ensureKeyspace('used');
    await admin.ensureTables('used', [
      { name: 'once', spec: tableSpec.parse({ columns: { id: { type: 'string' } }, partitionKey: ['id'] }) },
    ]);
    await admin.ensureRole('used', access.secret('used'), 'used');
  } finally {
    await admin.close();
  }
};
