/** `millrace doctor`: what is there, what is missing, and the remedy. Changes nothing. */
import { asMillraceError } from '../errors.ts';
import { type DoctorLine, line } from './doctor-line.ts';
import { examineKernel, type KernelOptions } from './doctor-machine.ts';
import { examineTools } from './doctor-tools.ts';
import { findJava, javaMajor } from './java.ts';
import { type ArtifactName, artifactNames } from './locks.ts';
import { checkArtifact, recordedBytes } from './manifest.ts';
import { isThere, placeOf } from './store.ts';

/** Shape of `millrace doctor --json`. */
export interface DoctorReport {
  /** Nothing is missing or broken. */
  readonly ok: boolean;
  readonly lines: readonly DoctorLine[];
}

export interface ExamineOptions extends KernelOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** `full` hashes every file. */
  readonly check?: 'quick' | 'full';
}

export async function examineMachine(options: ExamineOptions): Promise<DoctorReport> {
  const { env = process.env } = options;
  const artifacts = await Promise.all(artifactNames.map((name) => examineArtifact(name, options, env)));
  const lines = [...examineTools(env), ...artifacts, ...(await examineKernel(options))];
  return { ok: lines.every(({ state }) => state === 'present' || state === 'not-needed'), lines };
}

async function examineArtifact(
  name: ArtifactName,
  options: ExamineOptions,
  env: NodeJS.ProcessEnv,
): Promise<DoctorLine> {
  const place = placeOf(options.cache, name);
  const base = {
    group: 'artifact',
    name,
    version: place.version,
    path: place.directory,
  } as const;
  const needed = name !== 'java' || findJava(env) === undefined;
  if (!isThere(place)) {
    if (!needed)
      return line({ ...base, state: 'not-needed', path: '', detail: `This machine has a Java ${javaMajor}.` });
    return line({ ...base, state: 'missing', remedy: 'millrace fetch' });
  }
  try {
    const manifest = await checkArtifact(place, options.check ?? 'quick');
    return line({ ...base, state: 'present', sizeMiB: Math.round(recordedBytes(manifest) / (1 << 20)) });
  } catch (thrown) {
    return line({
      ...base,
      state: 'broken',
      detail: asMillraceError(thrown).message,
      remedy: 'millrace fetch --repair',
    });
  }
}
