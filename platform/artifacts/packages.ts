/**
 * Brings in the npm packages of the lock file: run by the bootstrap (`millrace`), with ROOT CACHE PLATFORM, when the stamp
 * node_modules/.millrace-packages-PLATFORM differs from package-lock.json. Node's built-in modules only.
 *
 * The packages are installed beside the old ones and then put in their place, so that a checkout that is running meets
 * either all of the old or all of the new ones.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { argv, exit, stderr } from 'node:process';
import { withExclusive } from './exclusive.ts';

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
}

export interface PackageRoot {
  readonly root: string;
  readonly cache: string;
  readonly platform: string;
}

/** Exit code of the environment class, see platform/errors.ts. */
const environmentExit = 4;

function say(text: string): void {
  stderr.write(`millrace: ${text}\n`);
}

/** Makes node_modules agree with package-lock.json. Two at once: the second waits, then finds nothing to do. */
export async function installPackages({ root, cache, platform }: PackageRoot): Promise<void> {
  const id = createHash('sha256').update(root).digest('hex').slice(0, 16);
  const stamp = join(root, 'node_modules', `.millrace-packages-${platform}`);
  const work = async () => {
    if (isStamped(root, stamp)) return;
    if (!isInstalled(root)) await install(root);
    copyFileSync(join(root, 'package-lock.json'), stamp);
  };
  await withExclusive(join(cache, 'locks', `packages-${id}`), work, ({ ownerPid, waitedMs }) => {
    if (waitedMs < 1000) say(`waits for process ${ownerPid ?? 'unknown'}, which installs the npm packages …`);
  });
}

function isStamped(root: string, stamp: string): boolean {
  return existsSync(stamp) && readFileSync(stamp).equals(readFileSync(join(root, 'package-lock.json')));
}

/** Whether someone ran npm here by hand, and what is installed is what the lock file says. */
function isInstalled(root: string): boolean {
  return existsSync(recordOf(root)) && differences(root, root).length === 0;
}

/** npm's own record of what is installed. */
function recordOf(directory: string): string {
  return join(directory, 'node_modules', '.package-lock.json');
}

/**
 * Packages under `directory` that are not as the lock file of `root` says: another version or checksum, gone, or in excess.
 * Packages for other platforms may be absent, and those for this one may be in excess: a lock file that was made where the
 * registry lacks a platform's package does not list it, and its version is pinned by the package that asks for it.
 */
function differences(root: string, directory: string): string[] {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const found = packagesOf(recordOf(directory));
  const isOptional = (entry: LockedPackage) => entry.optional === true || entry.devOptional === true;
  const differs = ([path, there]: [string, LockedPackage]) => {
    if (!existsSync(join(directory, path))) return true;
    const asked = wanted.get(path);
    if (asked === undefined) return !isOptional(there);
    return asked.version !== there.version || asked.integrity !== there.integrity;
  };
  const absent = [...wanted].filter(([path, asked]) => !found.has(path) && !isOptional(asked));
  return [...absent, ...[...found].filter(differs)].map(([path]) => path.replace('node_modules/', ''));
}

function packagesOf(lockFile: string): Map<string, LockedPackage> {
  const lock: { packages?: Record<string, LockedPackage> } = JSON.parse(readFileSync(lockFile, 'utf8'));
  return new Map(Object.entries(lock.packages ?? {}).filter(([path]) => path !== ''));
}

async function install(root: string): Promise<void> {
  const began = performance.now();
  const count = packagesOf(join(root, 'package-lock.json')).size;
  say(`installing the npm packages of the lock file (${count}) …`);
  const modules = join(root, 'node_modules');
  const old = join(root, 'node_modules.old');
  rmSync(old, { recursive: true, force: true });
  mkdirSync(modules, { recursive: true });
  for (const left of readdirSync(modules)) {
    if (left.startsWith('.millrace-install-')) rmSync(join(modules, left), { recursive: true, force: true });
  }
  const work = mkdtempSync(join(modules, '.millrace-install-'));
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) {
    if (existsSync(join(root, file))) copyFileSync(join(root, file), join(work, file));
  }
  await npmInstall(work);
  const wrong = differences(root, work);
  if (wrong.length > 0) {
    const some = wrong.slice(0, 5).join(', ');
    throw new Error(
      `package.json and package-lock.json disagree about ${some}. Run "npm install" and look at what it changes.`,
    );
  }
  renameSync(modules, old);
  renameSync(join(work.replace(modules, old), 'node_modules'), modules);
  rmSync(old, { recursive: true, force: true });
  say(`npm packages are ready: ${count} in ${((performance.now() - began) / 1000).toFixed(1)} s`);
}

/**
 * Not `npm ci`: it fails where the registry does not serve a package that is only for another platform. What was installed is
 * compared with the lock file afterwards instead. `--include`: a NODE_ENV of "production" must not leave the tests without
 * their tools.
 */
const npmArguments = ['install', '--no-save', '--location=project', '--include=dev', '--include=optional'];
const npmQuiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/** Lines of npm's output shown when it fails; what is wrong stands at its beginning. */
const shownLines = 12;

function npmInstall(work: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const npm = spawn('npm', [...npmArguments, ...npmQuiet, '--prefix', work], {
    cwd: work,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer) => {
    output += chunk;
  };
  npm.stdout.on('data', keep);
  npm.stderr.on('data', keep);
  npm.on('error', reject);
  npm.on('close', (code) => {
    const shown = output.trim().split('\n').slice(0, shownLines).join('\n');
    if (code === 0) resolve();
    else reject(new Error(`npm install ended with code ${code}:\n${shown}`));
  });
  return promise;
}

const npmMissing = `npm and Node 20 or newer are not on the PATH, and they bring in the packages. Install them, then run the command again:
  Debian/Ubuntu:  sudo apt-get install -y nodejs npm
  Fedora:         sudo dnf install -y nodejs npm
  macOS:          brew install node`;

async function main(root: string, cache: string, platform: string): Promise<void> {
  try {
    await installPackages({ root, cache, platform });
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT' && 'path' in error;
    say(missing && error.path === 'npm' ? npmMissing : String(error instanceof Error ? error.message : error));
    exit(environmentExit);
  }
}

// Not import.meta.main: the oldest Node that the bootstrap may use (24.0) lacks it.
if (argv[1] === import.meta.filename) await main(argv[2] ?? '', argv[3] ?? '', argv[4] ?? '');
