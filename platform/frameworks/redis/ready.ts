import { Redis } from 'ioredis';
import { fail } from '../../errors.ts';
import type { Placement } from '../../model/cluster.ts';
import type { ProbeAccess, Readiness } from '../contract.ts';
import { identityUser } from './access.ts';
import type { RedisOptions } from './spec.ts';

/** A server is ready when it knows the user that is our identity, takes our password for it, and has loaded its data. */
export async function redisReady(access: ProbeAccess<RedisOptions>, placement: Placement): Promise<Readiness> {
  const endpoint = `${placement.address}:${placement.ports.client}`;
  const redis = probeClient(placement);
  // ioredis reports a refused connection twice: as a rejection, which is handled below, and as an event.
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    await redis.call('AUTH', identityUser(access.identity), access.secret('admin'));
    await redis.call('PING');
    return { ready: true, waitingFor: '' };
  } catch (error) {
    return whatIsMissing(error, endpoint);
  } finally {
    // On a connection that never was, disconnect would hold the process for two seconds.
    if (redis.status !== 'end') redis.disconnect();
  }
}

function probeClient({ address, ports }: Placement): Redis {
  return new Redis({
    host: address,
    port: ports.client ?? 0,
    // Version 3 of the protocol begins with HELLO, which a server with passwords refuses before AUTH.
    protocol: 2,
    lazyConnect: true,
    connectTimeout: 2000,
    commandTimeout: 2000,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    disableClientInfo: true,
    retryStrategy: () => null,
  });
}

function whatIsMissing(error: unknown, endpoint: string): Readiness {
  const reason = error instanceof Error ? error.message : String(error);
  if (reason.startsWith('LOADING')) return { ready: false, waitingFor: 'Redis to load its data' };
  if (/^(WRONGPASS|NOAUTH|NOPERM|ERR)/.test(reason)) {
    fail(
      'WRONG_IDENTITY',
      { endpoint, expected: 'our Redis', found: `a server that refuses our identity (${reason})` },
      error,
    );
  }
  return { ready: false, waitingFor: `an answer at ${endpoint} (${reason})` };
}
