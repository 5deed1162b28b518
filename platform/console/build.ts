/**
 * The console as plain files, made once and kept in the cache. The directory's name is the hash of all that goes in, so
 * that a checkout never shows another one's console, and whoever finds a directory finds all of it.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { withExclusive } from '../artifacts/exclusive.ts';

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
 * Makes the console unless it is there, and gives its directory. Any number of processes may do it at once: one builds, the
 * others wait. A build that is cut off leaves only a directory under `partial`, which the next one removes.
 */
export async function buildConsole(cache: string, repoRoot: string): Promise<string> {
  const directory = consoleDirectory(cache, repoRoot);
  if (existsSync(directory)) return directory;
  return withExclusive(join(cache, 'locks', 'console'), async () => {
    if (existsSync(directory)) return directory;
    const partial = join(cache, 'partial');
    mkdirSync(partial, { recursive: true });
    for (const name of readdirSync(partial)) {
      if (name.startsWith('console-')) rmSync(join(partial, name), { recursive: true, force: true });
    }
    const fresh = join(partial, `console-${process.pid}`);
    await runVite(repoRoot, fresh);
    renameSync(fresh, directory);
    return directory;
  });
}

function sourceFiles(repoRoot: string): string[] {
  const app = join(repoRoot, 'platform', 'console', 'app');
  const files = readdirSync(app, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return [
    ...files,
    join(repoRoot, 'platform', 'console', 'build.ts'),
    join(repoRoot, 'platform', 'console', 'tsconfig.json'),
    join(repoRoot, 'package-lock.json'),
  ];
}

/** No inline script or style comes out of it, and nothing that needs eval: the API forbids both to the page. */
async function runVite(repoRoot: string, outDir: string): Promise<void> {
  // Loading Vite costs half a second: only who builds pays.
  const { build } = await import('vite');
  await build({
    configFile: false,
    root: join(repoRoot, 'platform', 'console', 'app'),
    publicDir: 'public',
    cacheDir: join(outDir, '..', 'console-vite'),
    logLevel: 'warn',
    envDir: false,
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2024',
      cssTarget: 'chrome125',
      // A data: URL would be an image or a font that the page's policy does not allow.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      chunkSizeWarningLimit: 2000,
    },
    worker: { format: 'es' },
  });
}
