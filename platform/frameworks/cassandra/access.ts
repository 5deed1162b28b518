/** How clients find and trust a Cassandra that runs: pure, from the placements and the identity alone. */
import type { CassandraAccess } from '../../connectors/config.ts';
import type { Placement } from '../../model/cluster.ts';
import type { ProbeAccess } from '../contract.ts';
import type { CassandraOptions } from './spec.ts';

/** The superuser, known to each node from a file; its password is `secret('admin')`. */
export const cassandraAdminRole = 'millrace_admin';

/** SimpleSnitch puts every node in this one. */
export const dataCenter = 'datacenter1';

/** The cluster name of an identity, which every node stores and refuses to change. */
export function cassandraClusterName(identity: string): string {
  return `millrace ${identity}`;
}

/** `host:port` of the CQL listener. */
export function cassandraEndpoint(placement: Placement): string {
  return `${placement.address}:${placement.ports.cql}`;
}

export interface RoleLogin {
  readonly keyspace: string;
  readonly role: string;
  readonly password: string;
}

/** What a client that logs in as `role` needs. */
export function cassandraAccess(access: ProbeAccess<CassandraOptions>, login: RoleLogin): CassandraAccess {
  const { placements, identity } = access;
  return {
    contactPoints: placements.map(cassandraEndpoint),
    port: placements[0]?.ports.cql ?? 9042,
    localDataCenter: dataCenter,
    clusterName: cassandraClusterName(identity),
    keyspace: login.keyspace,
    username: login.role,
    password: login.password,
  };
}
