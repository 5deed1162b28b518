import { fail } from '../../errors.ts';
import type { Placement } from '../../model/cluster.ts';
import type { ProbeAccess, Readiness } from '../contract.ts';
import { cassandraAdminRole, cassandraClusterName, cassandraEndpoint } from './access.ts';
import { cqlClient, isLoginRefusal, reasonOf } from './connect.ts';
import type { CassandraOptions } from './spec.ts';

/**
 * A node is ready when it takes our password, has our cluster name and has joined the ring. It opens its CQL port last, and
 * knows the administrator from the start, so that a refused password is another server's refusal.
 */
export async function cassandraReady(access: ProbeAccess<CassandraOptions>, placement: Placement): Promise<Readiness> {
  const endpoint = cassandraEndpoint(placement);
  const client = cqlClient({
    endpoints: [endpoint],
    role: cassandraAdminRole,
    password: access.secret('admin'),
    connectTimeoutMs: 1500,
    readTimeoutMs: 3000,
  });
  try {
    await client.connect();
    const row = (await client.execute('SELECT cluster_name, bootstrapped FROM system.local')).first();
    const expected = cassandraClusterName(access.identity);
    const found = String(row?.get('cluster_name'));
    if (found !== expected)
      fail('WRONG_IDENTITY', { endpoint, expected: `cluster "${expected}"`, found: `cluster "${found}"` });
    const joined = row?.get('bootstrapped') === 'COMPLETED';
    return { ready: joined, waitingFor: joined ? '' : 'the node to join the ring' };
  } catch (error) {
    if (isLoginRefusal(error)) {
      fail(
        'WRONG_IDENTITY',
        { endpoint, expected: 'our Cassandra', found: 'a server that refuses our password' },
        error,
      );
    }
    if (error instanceof Error && error.name === 'MillraceError') throw error;
    return { ready: false, waitingFor: `an answer at ${endpoint} (${reasonOf(error)})` };
  } finally {
    await client.shutdown();
  }
}
