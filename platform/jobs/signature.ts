/**
 * The signature of what is sent to a webhook, after Standard Webhooks (https://www.standardwebhooks.com, version 1.0): HMAC-SHA256
 * over `id.timestamp.body`, so that neither the body nor the time can be changed, and an old request can't be sent again later.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** A receiver refuses what was signed longer ago, or lies longer ahead. */
export const toleranceSeconds = 300;

export interface SignedHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/** `secret`: the text of the secret's file; its UTF-8 bytes are the key. `nowMs`: the time of the attempt, not of the alert. */
export function signedHeaders(secret: string, id: string, body: string, nowMs: number): SignedHeaders {
  const timestamp = String(Math.floor(nowMs / 1000));
  const signature = `v1,${hmacOf(secret, id, timestamp, body).toString('base64')}`;
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
}

/** Undefined: it is ours. Else what is wrong with it. The header may hold several signatures, of which one must be right. */
export function refusalOf(
  secret: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: string,
  nowMs: number,
): string | undefined {
  const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map((name) => headers[`webhook-${name}`]);
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string')
    return 'it is not signed';
  const seconds = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN;
  if (!(Math.abs(nowMs / 1000 - seconds) <= toleranceSeconds)) return 'its time is not now';
  const expected = hmacOf(secret, id, timestamp, body);
  const isOurs = signatures.split(' ').some((signature) => {
    if (!signature.startsWith('v1,')) return false;
    const given = Buffer.from(signature.slice('v1,'.length), 'base64');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  return isOurs ? undefined : 'its signature is not of this secret and body';
}

function hmacOf(secret: string, id: string, timestamp: string, body: string): Buffer {
  return createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest();
}
