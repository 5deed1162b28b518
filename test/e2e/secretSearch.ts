/** Looks for every generated secret of a home wherever it must not be: what is stored, printed, logged, or seen of a process. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { TaskStatus } from '../../platform/cluster/driver.ts';
import { processTable } from '../../platform/cluster/process/process-table.ts';
import { homeHash } from '../../platform/cluster/tasks/layout.ts';
import { homeAt } from '../../platform/home.ts';
import type { TestHome } from './cli.ts';

/** By `<owner>/<name>`; the keys of the API are its own. */
export function secretsOf(path: string): Secrets {
  const { secretsDir, apiDir } = homeAt(path);
  const generated = filesUnder(secretsDir).map((file) => [relative(secretsDir, file), file] as const);
  const keys = ['session.key', 'token'].map((name) => [`api/${name}`, join(apiDir, name)] as const);
  return Object.fromEntries([...generated, ...keys].map(([name, file]) => [name, readFileSync(file, 'utf8').trim()]));
}

type Secrets = Readonly<Record<string, string>>;

export interface Sight {
  /** Path within the home, or `argv of 4711 (java …)`. */
  readonly place: string;
  readonly secret: string;
}

/** Of each file under these, named within the home: a directory's with all that is in it. */
export function inFiles(home: string, secrets: Secrets, places: readonly string[]): Sight[] {
  const files = places.flatMap((place) => filesUnder(join(home, place)));
  return files.flatMap((file) => {
    const text = contentOf(file);
    return seen(relative(home, file), secrets, (secret) => text.includes(secret));
  });
}

/** Where a secret may be, in files of mode 0600; a task's own files, too. */
export const secretPlaces = ['secrets', 'api/session.key', 'api/token'];

/**
 * All of a home but those, the tasks' own files, and what Kafka and Cassandra store: they have hashes, in gigabytes of files
 * that are mostly holes.
 */
export function publicPlaces(home: string): readonly string[] {
  const within = (directory: string) => readdirSync(join(home, directory)).map((name) => join(directory, name));
  const top = within('').filter((name) => !['secrets', 'api', 'tasks', 'data'].includes(name));
  return [
    ...top,
    ...within('api').filter((place) => !secretPlaces.includes(place)),
    ...within('tasks').flatMap((task) => within(task).filter((place) => !place.endsWith('/files'))),
    ...within('data').filter((place) => !/^data\/(kafka|cassandra)\./.test(place)),
  ];
}

/** What each command prints; all of them end well. */
export async function printed(home: TestHome): Promise<Readonly<Record<string, string>>> {
  const commands = [
    ...[
      'status',
      'doctor',
      'console',
      'version',
      'plan flight-delays',
      'catalog flight-delays',
      'alerts flight-delays',
    ],
    ...['trace flight-delays', 'trace flight-delays --deploy', 'lag flight-delays', 'ledger flight-delays'],
    ...['logs flight-delays --lines 1000', 'logs kafka --lines 1000', 'logs spark', 'logs cassandra', 'logs redis'],
  ];
  const texts: Record<string, string> = {};
  for (const command of commands) {
    const { code, stdout, stderr } = await home.run(...command.split(' '), '--json');
    if (code !== 0) throw new Error(`millrace ${command} ended with ${code}\n${stdout}\n${stderr}`);
    texts[command] = stdout + stderr;
  }
  return texts;
}

export function sightsAmong(secrets: Secrets, texts: Readonly<Record<string, string>>): Sight[] {
  return Object.entries(texts).flatMap(([place, text]) => seen(place, secrets, (secret) => text.includes(secret)));
}

export interface LookedAt {
  readonly pid: number;
  readonly argv: string;
  readonly environment: string;
}

/** Every process of the home: its tasks' own (of which Redis overwrites what it was started with), what they started, the agent. */
export function processesOf(home: string, tasks: readonly TaskStatus[]): readonly LookedAt[] {
  const own = new Set(tasks.map(({ pid }) => pid));
  const mark = `MILLRACE_TASK=${homeHash(homeAt(home))}/`;
  const living = processTable()
    .list()
    .filter(({ pid, zombie }) => !zombie && pid !== process.pid);
  return living
    .map(({ pid }) => ({ pid, argv: proc(pid, 'cmdline'), environment: proc(pid, 'environ') }))
    .filter(({ pid, argv, environment }) => own.has(pid) || argv.includes(home) || environment.includes(mark));
}

/** Spark gives its executors its secret in their environment: decision 0011. */
export const isExecutor = ({ argv }: LookedAt): boolean => argv.includes('CoarseGrainedExecutorBackend');

export function inProcesses(processes: readonly LookedAt[], secrets: Secrets): Sight[] {
  return processes.flatMap(({ pid, argv, environment }) => {
    const name = `${pid} (${argv.slice(0, 120)} … ${argv.slice(-60)})`;
    return [
      ...seen(`argv of ${name}`, secrets, (secret) => argv.includes(secret)),
      ...seen(`environment of ${name}`, secrets, (secret) => environment.includes(secret)),
    ];
  });
}

function seen(place: string, secrets: Secrets, has: (secret: string) => boolean) {
  return Object.entries(secrets).flatMap(([secret, text]): Sight[] => (has(text) ? [{ place, secret }] : []));
}

function proc(pid: number, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

/** A file that goes meanwhile is none. */
function filesUnder(path: string): string[] {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  const entries = readdirSync(path, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** As it is on the disk, each byte a character: a database's pages as well as text. */
function contentOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
