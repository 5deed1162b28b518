/**
 * The record of a verification run, `<mark>.ndjson`: what was sent and which of it the ingress acknowledged. Lines are only
 * appended, and an acknowledgement is written before it counts, so that a run can be checked again after any crash.
 */
import { appendFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../errors.ts';
import type { VerifySpec } from '../model/blueprint.ts';

const format = 'millrace/verify/1';
const suffix = '.ndjson';

export interface ManifestHead {
  readonly pipeline: string;
  readonly mark: string;
  readonly verify: VerifySpec;
  readonly events: number;
  /** ISO-8601. */
  readonly startedAt: string;
}

export interface Manifest extends ManifestHead {
  readonly acknowledged: readonly string[];
}

export interface ManifestWriter {
  /** Resolves once the line is handed to the system. */
  acknowledged(ids: readonly string[]): Promise<void>;
}

export async function createManifest(verifyDir: string, head: ManifestHead): Promise<ManifestWriter> {
  await mkdir(verifyDir, { recursive: true, mode: 0o700 });
  const file = join(verifyDir, head.mark + suffix);
  const append = (line: unknown) => appendFile(file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
  await append({ format, ...head });
  return { acknowledged: (ids) => append({ acknowledged: ids }) };
}

/** Throws UNKNOWN_VERIFY_RUN, CORRUPT_STATE or FOREIGN_STATE. A last line that a crash cut short is left out. */
export async function readManifest(verifyDir: string, mark: string): Promise<Manifest> {
  const marks = await listMarks(verifyDir);
  if (!marks.includes(mark)) fail('UNKNOWN_VERIFY_RUN', { mark, known: marks.slice(-5).join(', ') || 'none' });
  const file = join(verifyDir, mark + suffix);
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  const [head, ...rest] = lines.map((line, index) => parseLine(file, line, index));
  if (head?.format !== format) fail('FOREIGN_STATE', { file, found: head?.format ?? 'nothing', expected: format });
  const ids = new Set<string>();
  for (const line of rest) for (const id of line.acknowledged ?? []) ids.add(id);
  return { ...(head as unknown as ManifestHead), acknowledged: [...ids] };
}

/** Marks of the runs that are kept, oldest first: a mark begins with its time. */
export async function listMarks(verifyDir: string): Promise<string[]> {
  const names = await readdir(verifyDir).catch(() => []);
  return names
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, -suffix.length))
    .sort();
}

interface Line {
  readonly format?: string;
  readonly acknowledged?: readonly string[];
}

function parseLine(file: string, line: string, index: number): Line {
  try {
    return JSON.parse(line) as Line;
  } catch (error) {
    return fail('CORRUPT_STATE', { file, reason: `line ${index + 1}: ${(error as Error).message}` });
  }
}
