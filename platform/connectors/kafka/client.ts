/** kafkajs set up for our brokers, and the proof that they are ours. */
import { type Admin, Kafka, type LogEntry, logLevel } from 'kafkajs';
import { fail } from '../../errors.ts';
import type { KafkaAccess } from '../config.ts';

export interface KafkaClientOptions {
  readonly access: KafkaAccess;
  readonly clientId: string;
  /** Retries of one request within kafkajs; what stands above it retries for longer. */
  readonly retries: number;
  /** Told of each warning and error that kafkajs would print. */
  readonly onLog?: (message: string, extra: Readonly<Record<string, unknown>>) => void;
}

export function createKafkaClient({ access, clientId, retries, onLog }: KafkaClientOptions): Kafka {
  return new Kafka({
    clientId,
    brokers: [...access.brokers],
    sasl: { mechanism: access.mechanism, username: access.username, password: access.password },
    connectionTimeout: 3000,
    authenticationTimeout: 5000,
    requestTimeout: 15_000,
    retry: { initialRetryTime: 100, maxRetryTime: 2000, retries },
    logLevel: logLevel.WARN,
    logCreator: () => (entry: LogEntry) => onLog?.(entry.log.message, entry.log),
  });
}

/** Connects an admin client for the time of `use`, once the cluster that answers is known to be ours. */
export async function withKafkaAdmin<T>(
  kafka: Kafka,
  access: KafkaAccess,
  use: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { clusterId } = await admin.describeCluster();
    if (clusterId !== access.clusterId) {
      const endpoint = access.brokers.join(', ');
      fail('WRONG_IDENTITY', { endpoint, expected: `Kafka cluster ${access.clusterId}`, found: clusterId });
    }
    return await use(admin);
  } finally {
    await admin.disconnect().catch(() => {});
  }
}
