/** Images that can't be pulled on a machine without a registry: built here, under the names that the registry has them by. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Engine, ensureImage } from '../../platform/cluster/docker/engine.ts';
import { cacheOf } from '../../platform/home.ts';

export const baseImage = 'debian:bookworm-slim';

/** Pulled, or made out of Debian's packages (a minute, once). */
export async function loadBaseImage(engine: Engine): Promise<void> {
  const there = await engine
    .getImage(baseImage)
    .inspect()
    .then(
      () => true,
      () => false,
    );
  if (there) return;
  const [repo, tag] = baseImage.split(':') as [string, string];
  const stream = await engine.importImage(await baseArchive(), { repo, tag });
  await new Promise<void>((resolve, reject) =>
    engine.modem.followProgress(stream, (error: Error | null) => (error ? reject(error) : resolve())),
  );
  await ensureImage(engine, baseImage);
}

/** The archive in the cache, made when it is not there: whole or not at all. */
async function baseArchive(): Promise<string> {
  const archive = join(cacheOf(process.env), 'test-images', 'debian-bookworm-slim.tar');
  if (existsSync(archive)) return archive;
  mkdirSync(dirname(archive), { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'debootstrap-'));
  try {
    const root = join(work, 'root');
    await run('debootstrap', ['--variant=minbase', 'bookworm', root, mirror()]);
    for (const path of ['var/cache/apt', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/man', 'usr/share/locale'])
      rmSync(join(root, path), { recursive: true, force: true });
    await run('tar', ['-C', root, '-cf', `${archive}.${process.pid}`, '.']);
    renameSync(`${archive}.${process.pid}`, archive);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return archive;
}

/** Where this machine gets its own packages from. */
function mirror(): string {
  const files = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'].filter(existsSync);
  const found = files.flatMap(
    (file) => /^(?:URIs:|deb)\s+(?:\[.*\]\s+)?(\S+)/m.exec(readFileSync(file, 'utf8'))?.[1] ?? [],
  );
  if (found[0] === undefined) throw new Error('no Debian mirror in /etc/apt');
  return found[0];
}

function run(command: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${command} ended with code ${code}`))));
  });
}
