/** What is pinned: the lock files under locks/, one per artifact, made by pin.ts. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const fileSpec = { file: z.string(), bytes: z.number().int().positive(), sha256: z.string().regex(/^[0-9a-f]{64}$/) };

const jarSpec = z.object({
  group: z.string(),
  name: z.string(),
  version: z.string(),
  /** Empty: the main jar of the module. */
  classifier: z.string(),
  ...fileSpec,
});

/** `platform`: Node's `process.platform-process.arch`, or `any`. */
const distributionSpec = z.object({ platform: z.string(), ...fileSpec });

const heading = { format: z.literal('millrace/artifact-lock/1'), artifact: z.string(), version: z.string() };

const mavenLockSpec = z.object({ ...heading, source: z.literal('maven'), jars: z.array(jarSpec).min(1) });
const pypiLockSpec = z.object({
  ...heading,
  source: z.enum(['wheel', 'sdist']),
  /** Name of the project on the package index. */
  project: z.string(),
  distributions: z.array(distributionSpec).min(1),
});
export const lockSpec = z.discriminatedUnion('source', [mavenLockSpec, pypiLockSpec]);

export type Jar = z.infer<typeof jarSpec>;
export type Distribution = z.infer<typeof distributionSpec>;
export type MavenLock = z.infer<typeof mavenLockSpec>;
export type PypiLock = z.infer<typeof pypiLockSpec>;
export type Lock = MavenLock | PypiLock;

export const mavenArtifacts = ['kafka', 'cassandra', 'spark-kafka'] as const;
export const pypiArtifacts = ['spark', 'temporal', 'valkey', 'java'] as const;
/** Tools of the build, in pip's own environment: a source distribution is looked into by setuptools. */
export const buildTools = ['setuptools', 'wheel'] as const;

export type MavenArtifact = (typeof mavenArtifacts)[number];
export type PypiArtifact = (typeof pypiArtifacts)[number];
export type ArtifactName = MavenArtifact | PypiArtifact;
export type LockName = ArtifactName | (typeof buildTools)[number];

export const artifactNames: readonly ArtifactName[] = [...mavenArtifacts, ...pypiArtifacts];

export const locksDir = join(import.meta.dirname, 'locks');

const read = new Map<LockName, Lock>();

export function lockOf(name: LockName): Lock {
  const known = read.get(name);
  if (known !== undefined) return known;
  const lock = lockSpec.parse(JSON.parse(readFileSync(join(locksDir, `${name}.json`), 'utf8')));
  read.set(name, lock);
  return lock;
}

export function mavenLockOf(name: MavenArtifact): MavenLock {
  return mavenLockSpec.parse(lockOf(name));
}

export function pypiLockOf(name: PypiArtifact | (typeof buildTools)[number]): PypiLock {
  return pypiLockSpec.parse(lockOf(name));
}

/** `linux-x64`, `darwin-arm64` … */
export const thisPlatform = `${process.platform}-${process.arch}`;

/** The distribution for `platform`; undefined where none is published. */
export function distributionOf(lock: PypiLock, platform: string): Distribution | undefined {
  return lock.distributions.find((candidate) => candidate.platform === platform || candidate.platform === 'any');
}

/** Bytes that a fetch from nothing brings over the network. */
export function downloadBytes(lock: Lock, platform: string): number {
  if (lock.source !== 'maven') return distributionOf(lock, platform)?.bytes ?? 0;
  return lock.jars.reduce((sum, jar) => sum + jar.bytes, 0);
}

/** `kafka-4.3.1-0123456789ab`: the artifact's directory in the cache. Another lock, another directory. */
export function directoryName(lock: Lock, platform: string): string {
  const pinned = lock.source === 'maven' ? lock.jars : distributionOf(lock, platform);
  const hash = createHash('sha256')
    .update(JSON.stringify(pinned ?? null))
    .digest('hex');
  return `${lock.artifact}-${lock.version}-${hash.slice(0, 12)}`;
}
