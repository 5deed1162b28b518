import { Kafka, logLevel } from 'kafkajs';
import { fail } from '../../errors.ts';
import type { Placement } from '../../model/cluster.ts';
import type { ProbeAccess, Readiness } from '../contract.ts';
import { kafkaAdminUser, kafkaClusterId, kafkaEndpoint } from './access.ts';
import type { KafkaOptions } from './spec.ts';

/**
 * A broker is ready when it takes our password, names our cluster id and lists itself among the brokers. The client
 * listener opens only after the SCRAM credentials have been read, so that a refused password is another server's refusal.
 */
export async function kafkaReady(access: ProbeAccess<KafkaOptions>, placement: Placement): Promise<Readiness> {
  const endpoint = kafkaEndpoint(placement);
  const admin = probeClient(endpoint, access.secret('admin')).admin();
  try {
    await admin.connect();
    const { clusterId, brokers } = await admin.describeCluster();
    const expected = kafkaClusterId(access.identity);
    if (clusterId !== expected)
      fail('WRONG_IDENTITY', { endpoint, expected: `cluster ${expected}`, found: `cluster ${clusterId}` });
    const listed = brokers.some(({ host, port }) => `${host}:${port}` === endpoint);
    return {
      ready: listed,
      waitingFor: listed ? '' : `${brokers.length} of ${access.placements.length} brokers registered`,
    };
  } catch (error) {
    return whatIsMissing(error, endpoint);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

function probeClient(endpoint: string, password: string): Kafka {
  return new Kafka({
    clientId: 'millrace-probe',
    brokers: [endpoint],
    sasl: { mechanism: 'scram-sha-512', username: kafkaAdminUser, password },
    connectionTimeout: 1000,
    authenticationTimeout: 2000,
    requestTimeout: 2000,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
  });
}

function whatIsMissing(error: unknown, endpoint: string): Readiness {
  if (!(error instanceof Error)) throw error;
  if (error.name === 'KafkaJSSASLAuthenticationError') {
    fail('WRONG_IDENTITY', { endpoint, expected: 'our Kafka', found: 'a server that refuses our password' }, error);
  }
  if (error.name.startsWith('KafkaJS'))
    return { ready: false, waitingFor: `an answer at ${endpoint} (${error.message})` };
  throw error;
}
