/** Where alerts are sent: kept in the home, read again for each delivery, so that a change needs no restart. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { fail } from '../errors.ts';
import type { Home } from '../home.ts';
import { createSecrets } from '../secrets/secrets.ts';
import { readState, writeState } from '../state-files.ts';

const webhookFile = z.object({
  format: z.literal('millrace/webhook/1'),
  url: z.string(),
  /** Files of before 2026-11-25 have none. */
  sinceMs: z.number().default(0),
  setMs: z.number().default(0),
});

export interface Webhook {
  /** May hold a secret in its path or query: shown by `shownUrl` only. */
  readonly url: string;
  /** Signs what is sent (signature.ts). */
  readonly secret: string;
  /** When this URL became the one, in milliseconds since 1970: what was told before was told to another. */
  readonly sinceMs: number;
  /** When it was given last, whether it was another or the same: somebody believes that it takes alerts now. */
  readonly setMs: number;
}

/** Where the secret lies, for whoever sets a receiver up. */
export function signingSecretFile(home: Home): string {
  return join(home.secretsDir, owner, secretName);
}
const owner = 'alerts';
const secretName = 'webhook';

/** The secret that signs, made when there is none yet. */
export function signingSecret(home: Home): string {
  return createSecrets(home.secretsDir).get(owner, secretName);
}

/** Undefined: alerts are sent nowhere. Throws CORRUPT_STATE, FOREIGN_STATE, STATE_UNAVAILABLE. */
export function readWebhook(home: Home): Webhook | undefined {
  const file = readState(fileOf(home), 'millrace/webhook/1', (value) => webhookFile.parse(value));
  if (file === undefined) return undefined;
  const { url, sinceMs, setMs } = file;
  return { url, sinceMs, setMs, secret: signingSecret(home) };
}

/** `url`: http or https; `none`: alerts are sent nowhere any more. Throws INVALID_ARGUMENT. */
export function checkWebhookUrl(url: string): void {
  if (url === 'none') return;
  const { protocol, username, password } = URL.parse(url) ?? { protocol: '', username: '', password: '' };
  if (['http:', 'https:'].includes(protocol) && username === '' && password === '') return;
  const reason = '--alert-webhook takes an http or https URL without user and password, or none.';
  fail('INVALID_ARGUMENT', { reason, command: 'up' });
}

/**
 * Holds from the next delivery on; what waits for another attempt or was given up is tried at once. Throws INVALID_ARGUMENT,
 * STATE_UNAVAILABLE.
 */
export function setWebhook(home: Home, url: string, nowMs = Date.now()): void {
  checkWebhookUrl(url);
  if (url === 'none') {
    rmSync(fileOf(home), { force: true });
    return;
  }
  signingSecret(home);
  // writeState: mode 0600.
  writeState(fileOf(home), { format: 'millrace/webhook/1', url, sinceMs: sinceOf(home, url) ?? nowMs, setMs: nowMs });
}

/** Undefined: another URL stands there, none, or something that can't be read, whose place this one takes. */
function sinceOf(home: Home, url: string): number | undefined {
  try {
    const there = readWebhook(home);
    return there?.url === url ? there.sinceMs : undefined;
  } catch {
    return undefined;
  }
}

/** Without path and query. */
export function shownUrl(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return 'the webhook';
  return parsed.pathname === '/' && parsed.search === '' ? parsed.origin : `${parsed.origin}/…`;
}

function fileOf({ alertsDir }: Home): string {
  return join(alertsDir, 'webhook.json');
}
