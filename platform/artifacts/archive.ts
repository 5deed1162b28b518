/**
 * Class-data archives (.jsa): classes parsed once and mapped at every later start. Made by a run of the server itself with
 * -XX:ArchiveClassesAtExit, without -javaagent (the virtual machine refuses to write one beside an agent).
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../errors.ts';
import type { Artifacts } from '../frameworks/contract.ts';
import { withWorkDir } from './store.ts';

export type ArchiveName = Parameters<Artifacts['classDataArchive']>[0];

/** What an archive depends on. The virtual machine checks all of it again at each start, and ignores one that does not fit. */
export type ArchiveInput = Pick<
  Artifacts,
  'java' | 'javaVersion' | 'kafkaLib' | 'cassandraLib' | 'sparkLib' | 'javaClasses'
>;

/**
 * Where the archive of `name` is, or would be: `<cache>/class-data/<name>-<hash>.jsa`. Of our Java only the jar of `name`
 * counts. Pure.
 */
export function classDataArchivePath(cache: string, name: ArchiveName, input: ArchiveInput): string {
  const lib = { kafka: input.kafkaLib, cassandra: input.cassandraLib, spark: input.sparkLib }[name];
  const hash = createHash('sha256').update(
    JSON.stringify([input.java, input.javaVersion, lib, input.javaClasses[name]]),
  );
  return join(cache, 'class-data', `${name}-${hash.digest('hex').slice(0, 12)}.jsa`);
}

/** Path of the archive if it has been made. */
export function findClassDataArchive(cache: string, name: ArchiveName, input: ArchiveInput): string | undefined {
  const file = classDataArchivePath(cache, name, input);
  return existsSync(file) ? file : undefined;
}

/**
 * Gives the archive, which is made on first use: `runOnce` starts the server with `-XX:ArchiveClassesAtExit=<jsaPath>` and
 * resolves when it has ended by itself (SIGTERM). Two at once: one runs, the other waits for it.
 */
export async function makeClassDataArchive(
  cache: string,
  name: ArchiveName,
  input: ArchiveInput,
  runOnce: (jsaPath: string) => Promise<void>,
): Promise<string> {
  const file = classDataArchivePath(cache, name, input);
  if (existsSync(file)) return file;
  await withWorkDir(cache, `class-data-${name}`, async (workDir) => {
    if (existsSync(file)) return;
    const made = join(workDir, `${name}.jsa`);
    await runOnce(made);
    if (!existsSync(made)) fail('CLASS_DATA_NOT_WRITTEN', { name });
    mkdirSync(join(cache, 'class-data'), { recursive: true });
    renameSync(made, file);
  });
  return file;
}
