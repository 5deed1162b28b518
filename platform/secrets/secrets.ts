/**
 * Generated secrets: one 0600 file each under `<home>/secrets/<owner>/<name>`. A secret is made on first use and never
 * changes by itself. It is handed to servers through files and to our own tasks through their 0600 configuration.
 */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '../errors.ts';

/** 256 bits, in the URL-safe alphabet: needs no quoting in CQL, JAAS, properties or YAML. */
const secretBytes = 32;
/** Of owners and secrets alike: one folder, one file, never a way out of the directory. */
const partShape = /^[a-z][a-z0-9_-]*$/;
const secretShape = /^[A-Za-z0-9_-]{43}$/;

export interface Secrets {
  /** The secret `name` of `owner` (a framework or a pipeline), generated when there is none. Throws CORRUPT_STATE. */
  get(owner: string, name: string): string;
  /** Forgets all secrets of `owner`. */
  removeAll(owner: string): void;
}

export function createSecrets(directory: string): Secrets {
  return {
    get(owner, name) {
      const file = join(directory, part(owner), part(name));
      return read(file) ?? create(file);
    },
    removeAll(owner) {
      rmSync(join(directory, part(owner)), { recursive: true, force: true });
    },
  };
}

function part(text: string): string {
  return partShape.test(text) ? text : fail('INTERNAL', { reason: `no secret can be kept under "${text}"` });
}

function read(file: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (!secretShape.test(text)) fail('CORRUPT_STATE', { file, reason: 'it does not hold one secret of 43 characters' });
  return text;
}

/** Two processes may make the same secret at once: link() lets exactly one of them win, and both read the winner's. */
function create(file: string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, `${randomBytes(secretBytes).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return read(file) as string;
}
