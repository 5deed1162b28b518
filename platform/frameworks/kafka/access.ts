/** How clients find and trust a Kafka that runs: pure, from the placements and the identity alone. */
import { createHash } from 'node:crypto';
import type { KafkaAccess } from '../../connectors/config.ts';
import type { Placement } from '../../model/cluster.ts';
import type { ProbeAccess } from '../contract.ts';
import type { KafkaOptions } from './spec.ts';

/** The super user of the brokers and of our admin verbs; its password is `secret('admin')`. */
export const kafkaAdminUser = 'admin';

/**
 * The KRaft cluster id of an identity: 16 bytes in URL-safe base64, as `kafka-storage random-uuid` makes them; the first
 * bits are fixed so that it never starts with a dash.
 */
export function kafkaClusterId(identity: string): string {
  const bytes = createHash('sha256').update(`kafka-cluster-id:${identity}`).digest().subarray(0, 16);
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  return bytes.toString('base64url');
}

/** `host:port` of the client listener. */
export function kafkaEndpoint(placement: Placement): string {
  return `${placement.address}:${placement.ports.client}`;
}

/** What a client that logs in as `username` needs. */
export function kafkaAccess(access: ProbeAccess<KafkaOptions>, username: string, password: string): KafkaAccess {
  return {
    brokers: access.placements.map(kafkaEndpoint),
    clusterId: kafkaClusterId(access.identity),
    username,
    password,
    mechanism: 'scram-sha-512',
  };
}
