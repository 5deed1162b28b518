/**
 * Who may use the API: the owner of the home, who can read its 0600 files. A script sends the bearer token; a browser gets a
 * session by a one-time link. Nothing here is held in memory alone: sessions are signed, so that they survive a restart of
 * the API, and a link is used up by removing its file, which happens once whatever is killed in between.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fail } from '../errors.ts';

export const loginLifeMs = 5 * 60_000;
export const sessionLifeMs = 12 * 3_600_000;

export interface Session {
  readonly id: string;
  readonly expiresMs: number;
}

export interface Credentials {
  /** The bearer token of this home. */
  bearer(): string;
  isBearer(token: string): boolean;
  /** A token for `/login?token=`, good once and for five minutes. */
  makeLogin(nowMs: number): string;
  /** Uses the token up; answers the value of the session's cookie. Throws LOGIN_REFUSED. */
  login(token: string, nowMs: number): string;
  session(cookie: string, nowMs: number): Session | undefined;
  csrfToken(session: Session): string;
}

/** `apiDir`: of the home. Makes what is missing: directory 0700, files 0600. */
export function createCredentials(apiDir: string): Credentials {
  const logins = join(apiDir, 'logins');
  mkdirSync(logins, { recursive: true, mode: 0o700 });
  const key = secretFile(join(apiDir, 'session.key'));
  const bearerToken = secretFile(join(apiDir, 'token'));
  const sign = (text: string) => createHmac('sha256', key).update(text).digest('base64url');
  return {
    bearer: () => bearerToken,
    isBearer: (token) => equal(token, bearerToken),
    makeLogin(nowMs) {
      removeStale(logins, nowMs);
      const token = randomBytes(32).toString('base64url');
      const fd = openSync(join(logins, nameOf(token)), 'wx', 0o600);
      writeFileSync(fd, `${nowMs + loginLifeMs}`);
      closeSync(fd);
      return token;
    },
    login(token, nowMs) {
      const expiresMs = take(join(logins, nameOf(token)));
      if (expiresMs === undefined) fail('LOGIN_REFUSED', { reason: 'it was used already, or never given out' });
      if (expiresMs < nowMs) fail('LOGIN_REFUSED', { reason: 'it is older than five minutes' });
      const body = `${randomBytes(16).toString('base64url')}.${nowMs + sessionLifeMs}`;
      return `${body}.${sign(`session:${body}`)}`;
    },
    session(cookie, nowMs) {
      const [id = '', expires = '', signature = '', ...rest] = cookie.split('.');
      if (rest.length > 0 || !equal(signature, sign(`session:${id}.${expires}`))) return undefined;
      const expiresMs = Number(expires);
      return expiresMs > nowMs ? { id, expiresMs } : undefined;
    },
    csrfToken: ({ id }) => sign(`csrf:${id}`),
  };
}

/** The link's token itself is on no disk. */
function nameOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Answers the content of a file that this very call has removed; of two calls at once, one gets it. */
function take(file: string): number | undefined {
  try {
    const expiresMs = Number(readFileSync(file, 'utf8'));
    unlinkSync(file);
    return Number.isFinite(expiresMs) ? expiresMs : 0;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
}

function removeStale(directory: string, nowMs: number): void {
  for (const name of readdirSync(directory)) {
    const file = join(directory, name);
    try {
      if (Number(readFileSync(file, 'utf8')) < nowMs) rmSync(file, { force: true });
    } catch {
      // Another call has just removed it.
    }
  }
}

/** The secret in `file`, made on first use. Linked into place: of two processes that make it at once, both get the first's. */
function secretFile(file: string): string {
  const there = readSecret(file);
  if (there !== undefined) return there;
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const fd = openSync(draft, 'wx', 0o600);
  writeFileSync(fd, randomBytes(32).toString('base64url'));
  closeSync(fd);
  try {
    linkSync(draft, file);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
  } finally {
    rmSync(draft, { force: true });
  }
  return readSecret(file) ?? fail('INTERNAL', { reason: `${file} was removed while it was made` });
}

/** Throws CORRUPT_STATE for a file that holds no whole secret. */
function readSecret(file: string): string | undefined {
  try {
    const text = readFileSync(file, 'utf8').trim();
    if (!/^[\w-]{43}$/.test(text))
      fail('CORRUPT_STATE', { file, reason: 'it does not hold a secret of 43 characters' });
    chmodSync(file, 0o600);
    return text;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** In constant time; of hashes, so that lengths tell nothing. */
function equal(one: string, other: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(one), hash(other));
}
