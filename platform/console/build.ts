/**
 * The console as plain files, made once and kept in the cache. The directory's name is the hash of all that goes in, so
 * that a checkout never shows another one's console, and whoever finds a directory finds all of it.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run } from '../artifacts/command.ts';

/** Where the console of this checkout lies, or will: it is there when the directory is. */
export function consoleDirectory(cache: string, repoRoot: string): string {
  const hash = createHash('sha256');
  for (const file of sourceFiles(repoRoot)) {
    hash
      .update(`${relative(repoRoot, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return join(cache, `console-${hash.digest('hex').slice(0, 12)}`);
}

/**
 * Makes the console unless it is there, and gives its directory. In a process of its own with the lowest priority, so that
 * a deploy beside it is not slowed; it goes on when its caller ends. Any number may be asked for at once: one builds, the
 * others wait. Throws COMMAND_FAILED.
 */
export async function buildConsole(cache: string, repoRoot: string): Promise<string> {
  const directory = consoleDirectory(cache, repoRoot);
  if (existsSync(directory)) return directory;
  const program = join(import.meta.dirname, 'runBuild.ts');
  await run({ argv: [process.execPath, program, cache, repoRoot, directory] });
  return directory;
}

function sourceFiles(repoRoot: string): string[] {
  const room = join(repoRoot, 'platform', 'console');
  const app = readdirSync(join(room, 'app'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const rest = ['runBuild.ts', 'tsconfig.json'].map((name) => join(room, name));
  return [...app, ...rest, join(repoRoot, 'package-lock.json')];
}
