/** Clients of the admin verbs, and what their errors mean. */
import { Kafka, logLevel } from 'kafkajs';
import type { KafkaAccess } from '../../connectors/config.ts';
import { fail, MillraceError } from '../../errors.ts';

export function kafkaClient({ brokers, username, password }: KafkaAccess): Kafka {
  return new Kafka({
    clientId: 'millrace-admin',
    brokers: [...brokers],
    sasl: { mechanism: 'scram-sha-512', username, password },
    connectionTimeout: 3000,
    authenticationTimeout: 10_000,
    requestTimeout: 30_000,
    retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 2000 },
    logLevel: logLevel.NOTHING,
  });
}

/** Runs `work`; what kafkajs throws becomes SERVER_UNREACHABLE (asking again may help) or SERVER_REFUSED. */
export async function asking<T>(access: KafkaAccess, action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof MillraceError) throw error;
    // With no broker that answers, cluster.metadata() of kafkajs 2.2.4 gives null, which its admin then reads from.
    const noBroker = error instanceof TypeError && error.message.includes('topicMetadata');
    if (noBroker)
      fail(
        'SERVER_UNREACHABLE',
        { framework: 'Kafka', endpoint: access.brokers, action, reason: 'no broker answers' },
        error,
      );
    if (!error.name.startsWith('KafkaJS')) throw error;
    const details = { framework: 'Kafka', endpoint: access.brokers, action, reason: error.message };
    return fail(isTransient(error) ? 'SERVER_UNREACHABLE' : 'SERVER_REFUSED', details, error);
  }
}

const transientNames = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSBrokerNotFound',
  'KafkaJSRequestTimeoutError',
  'KafkaJSNumberOfRetriesExceeded',
  'KafkaJSMetadataNotLoaded',
]);

function isTransient(error: Error & { retriable?: boolean }): boolean {
  return error.retriable === true || transientNames.has(error.name);
}
