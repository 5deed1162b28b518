/** How clients find and trust a Redis that runs: pure, from the placement and the identity alone. */
import { createHash } from 'node:crypto';
import type { RedisAccess } from '../../connectors/config.ts';
import type { ProbeAccess } from '../contract.ts';
import type { RedisOptions } from './spec.ts';

/**
 * The identity of a Redis is a user of its ACL, named after it, that may do nothing but PING: whoever takes this name with
 * our password is ours. Nothing has to be written, and nobody can change it at run time.
 */
export function identityUser(identity: string): string {
  return `millrace-${createHash('sha256').update(identity).digest('hex').slice(0, 24)}`;
}

/** The user of the admin verbs; its password is `secret('admin')`. */
export const redisAdminUser = 'admin';

/** What a client needs; it logs in as the default user, which may not administrate the server. */
export function redisAccess({ placements, secret }: ProbeAccess<RedisOptions>): RedisAccess {
  const [placement] = placements;
  if (placement?.ports.client === undefined) throw new Error('Redis has no placement');
  return { host: placement.address, port: placement.ports.client, password: secret('default') };
}
