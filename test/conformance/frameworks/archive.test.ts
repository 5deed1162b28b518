import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { makeClassDataArchive } from '../../../platform/artifacts/archive.ts';
import { runForArchive } from '../../../platform/frameworks/archive.ts';
import { cassandraPackage } from '../../../platform/frameworks/cassandra/package.ts';
import type { Artifacts, FrameworkPackage } from '../../../platform/frameworks/contract.ts';
import { kafkaPackage } from '../../../platform/frameworks/kafka/package.ts';
import { cacheOf } from '../../../platform/home.ts';
import { artifactsForTests } from './artifacts.ts';
import { makeRoom } from './room.ts';

describe('class-data archives', () => {
  it(
    'of Kafka is written by a run of the server, and fits how the server is started',
    () => written(kafkaPackage),
    600_000,
  );
  it('of Cassandra is, too', () => written(cassandraPackage), 600_000);
});

async function written<O>(framework: FrameworkPackage<O>): Promise<void> {
  const name = framework.name as 'kafka' | 'cassandra';
  const artifacts = await artifactsForTests();
  const run = (jsaPath: string) => runForArchive(name, artifacts, jsaPath);
  const archive = await makeClassDataArchive(cacheOf(process.env), name, artifacts, run);
  for (const profile of ['laptop', 'server']) expect(mapped(framework, profile, artifacts, archive)).toBe(0);
}

/** Exit code of the server's Java with the archive required instead of asked for, which then only prints its version. */
function mapped<O>(
  framework: FrameworkPackage<O>,
  profile: string,
  artifacts: Artifacts,
  archive: string,
): number | null {
  const known = { ...artifacts, classDataArchive: () => archive };
  const room = makeRoom(framework, { profile }, { artifacts: known, firstPort: 12299 });
  const [java, ...rest] = framework.render(room.context(0)).argv;
  const classPathEnd = rest.indexOf('-cp') + 2;
  const required = rest.slice(0, classPathEnd).map((each) => (each === '-Xshare:auto' ? '-Xshare:on' : each));
  rmSync(room.root, { recursive: true });
  return spawnSync(java, [...required, '-version']).status;
}
