/** What an artifact's directory holds, file by file, and whether it still does. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { asMillraceError, fail, type MillraceError } from '../errors.ts';

const manifestSpec = z.object({
  format: z.literal('millrace/artifact-manifest/1'),
  artifact: z.string(),
  version: z.string(),
  files: z.array(z.object({ path: z.string(), bytes: z.number().int(), sha256: z.string(), mtimeMs: z.number() })),
});

export type Manifest = z.infer<typeof manifestSpec>;
export type ManifestFile = Manifest['files'][number];

/** Name in errors (`kafka 4.3.1`) and the directory to look into. */
export interface Identity {
  readonly artifact: string;
  readonly version: string;
  readonly directory: string;
}

const manifestName = 'manifest.json';

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

/** Records every file under `directory`. The caller has compared them with the lock file before. */
export async function writeManifest({ artifact, version, directory }: Identity): Promise<Manifest> {
  const files: ManifestFile[] = [];
  for (const path of filesUnder(directory)) {
    const { size, mtimeMs } = statSync(join(directory, path));
    files.push({ path, bytes: size, sha256: await sha256Of(join(directory, path)), mtimeMs });
  }
  const manifest: Manifest = { format: 'millrace/artifact-manifest/1', artifact, version, files };
  save(directory, manifest);
  return manifest;
}

function filesUnder(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== manifestName)
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

function save(directory: string, manifest: Manifest): void {
  const made = join(directory, `${manifestName}.${process.pid}`);
  writeFileSync(made, `${JSON.stringify(manifest)}\n`);
  renameSync(made, join(directory, manifestName));
}

/** Bytes on disk, as recorded. */
export function recordedBytes(manifest: Manifest): number {
  return manifest.files.reduce((sum, file) => sum + file.bytes, 0);
}

/**
 * Checks the artifact and gives its manifest. `quick`: sizes and modification times, hashing only files whose time moved;
 * `full`: everything is hashed. Throws ARTIFACT_TRUNCATED or ARTIFACT_ALTERED, naming the first file that differs.
 */
export async function checkArtifact(identity: Identity, depth: 'quick' | 'full'): Promise<Manifest> {
  const manifest = readManifest(identity);
  refuseForeignJars(identity, manifest);
  const moved: ManifestFile[] = [];
  for (const file of manifest.files) {
    const mtimeMs = checkSize(identity, file);
    const touched = mtimeMs !== file.mtimeMs;
    if (touched || depth === 'full') await checkHash(identity, file);
    if (touched) moved.push({ ...file, mtimeMs });
  }
  return moved.length === 0 ? manifest : refresh(identity.directory, manifest, moved);
}

function readManifest(identity: Identity): Manifest {
  const file = join(identity.directory, manifestName);
  try {
    return manifestSpec.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    return fail('ARTIFACT_ALTERED', { ...naming(identity), file, reason: `it can not be read (${messageOf(error)})` });
  }
}

/** A jar that does not belong there would be on the class path, which is a whole folder (`lib`, `jars`). */
function refuseForeignJars(identity: Identity, manifest: Manifest): void {
  const known = new Set(manifest.files.map((file) => file.path));
  for (const folder of ['lib', 'jars']) {
    const path = join(identity.directory, folder);
    const foreign = existsSync(path) ? readdirSync(path).find((name) => !known.has(join(folder, name))) : undefined;
    if (foreign === undefined) continue;
    fail('ARTIFACT_ALTERED', { ...naming(identity), file: join(path, foreign), reason: 'it does not belong there' });
  }
}

/** Gives the modification time. */
function checkSize(identity: Identity, { path, bytes }: ManifestFile): number {
  const file = join(identity.directory, path);
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return fail('ARTIFACT_ALTERED', { ...naming(identity), file, reason: 'it is gone' });
  if (found.size < bytes)
    return fail('ARTIFACT_TRUNCATED', { ...naming(identity), file, found: found.size, expected: bytes });
  if (found.size > bytes) {
    return fail('ARTIFACT_ALTERED', {
      ...naming(identity),
      file,
      reason: `it has ${found.size} bytes instead of ${bytes}`,
    });
  }
  return found.mtimeMs;
}

async function checkHash(identity: Identity, { path, sha256 }: ManifestFile): Promise<void> {
  const file = join(identity.directory, path);
  const found = await sha256Of(file);
  if (found === sha256) return;
  fail('ARTIFACT_ALTERED', { ...naming(identity), file, reason: `its sha256 is ${found} instead of ${sha256}` });
}

/** The content is as recorded and only the times moved (a copied cache): the next quick check need not hash again. */
function refresh(directory: string, manifest: Manifest, moved: readonly ManifestFile[]): Manifest {
  const byPath = new Map(moved.map((file) => [file.path, file]));
  const refreshed = { ...manifest, files: manifest.files.map((file) => byPath.get(file.path) ?? file) };
  try {
    save(directory, refreshed);
  } catch {
    // A cache that is read-only stays correct; it is only hashed again next time.
  }
  return refreshed;
}

function naming({ artifact, version }: Identity): { artifact: string; version: string } {
  return { artifact, version };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.split('\n')[0]! : String(error);
}

/** The finding of a check as a value. */
export async function findingOf(check: Promise<unknown>): Promise<MillraceError | undefined> {
  try {
    await check;
    return undefined;
  } catch (error) {
    return asMillraceError(error);
  }
}
