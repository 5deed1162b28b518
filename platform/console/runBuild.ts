/**
 * `node runBuild.ts CACHE REPO_ROOT DIRECTORY`: the build itself, run by `buildConsole`. One that is cut off leaves only a
 * directory under `partial`, which the next one removes.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { withExclusive } from '../artifacts/exclusive.ts';

const [cache, repoRoot, directory] = process.argv.slice(2);
if (cache === undefined || repoRoot === undefined || directory === undefined) {
  throw new Error('It wants the cache, the root of the checkout, and the directory to make.');
}
setPriority(19);
await withExclusive(join(cache, 'locks', 'console'), async () => {
  if (existsSync(directory)) return;
  const partial = join(cache, 'partial');
  mkdirSync(partial, { recursive: true });
  for (const name of readdirSync(partial)) {
    if (name.startsWith('console-')) rmSync(join(partial, name), { recursive: true, force: true });
  }
  const fresh = join(partial, `console-${process.pid}`);
  await runVite(repoRoot, fresh);
  renameSync(fresh, directory);
});

/** No inline script or style comes out of it, and nothing that needs eval: the API forbids both to the page. */
async function runVite(repoRoot: string, outDir: string): Promise<void> {
  const { build } = await import('vite');
  await build({
    configFile: false,
    root: join(repoRoot, 'platform', 'console', 'app'),
    publicDir: 'public',
    cacheDir: join(outDir, '.vite'),
    logLevel: 'warn',
    envDir: false,
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2024',
      // With light-dark(), which older ones do not have.
      cssTarget: 'chrome125',
      // A data: URL is an image that the page's policy does not allow.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      chunkSizeWarningLimit: 2000,
    },
    worker: { format: 'es' },
  });
}
