/** One driver client for all sinks of a process. It connects when the first sink opens and ends with the last. */
import { auth, Client, policies, types } from 'cassandra-driver';
import { fail } from '../../errors.ts';
import type { CassandraAccess } from '../config.ts';
import type { Log } from '../contract.ts';

export interface CassandraConnection {
  readonly access: CassandraAccess;
  /** Rejects when no node answers, or one of another cluster does. Each call that resolves is paired with one `release`. */
  acquire(): Promise<Client>;
  release(): Promise<void>;
}

const connectTimeoutMs = 5000;
const readTimeoutMs = 10_000;

export function createCassandraConnection(access: CassandraAccess, log: Log): CassandraConnection {
  let connected: Promise<Client> | undefined;
  let users = 0;
  return {
    access,
    acquire: async () => {
      connected ??= connect(access, log).catch((error) => {
        connected = undefined;
        throw error;
      });
      const client = await connected;
      users += 1;
      return client;
    },
    release: async () => {
      users -= 1;
      if (users > 0 || connected === undefined) return;
      const ending = connected;
      connected = undefined;
      await (await ending).shutdown();
    },
  };
}

async function connect(access: CassandraAccess, log: Log): Promise<Client> {
  const client = new Client(clientOptions(access));
  client.on('log', (level: string, _class: string, message: string) => {
    if (level === 'error') log(`Cassandra driver: ${message}`);
  });
  // When its control connection comes back the driver may put a new host in the place of the old one, whose pool then goes on
  // connecting beside the new one's (4.10.0, control-connection.js, `_initializeConnection`).
  client.on('hostRemove', (host: DriverHost) => void host.shutdown(false).catch(() => {}));
  try {
    await client.connect();
    const row = (await client.execute('SELECT cluster_name FROM system.local')).first();
    const found = String(row?.get('cluster_name'));
    if (found !== access.clusterName) {
      const endpoint = endpointsOf(access).join(', ');
      fail('WRONG_IDENTITY', { endpoint, expected: `Cassandra cluster ${access.clusterName}`, found });
    }
    return client;
  } catch (error) {
    await client.shutdown().catch(() => {});
    throw error;
  }
}

interface DriverHost {
  shutdown(drain: boolean): Promise<void>;
}

function clientOptions(access: CassandraAccess): ConstructorParameters<typeof Client>[0] {
  const endpoints = endpointsOf(access);
  return {
    contactPoints: endpoints,
    localDataCenter: access.localDataCenter,
    keyspace: access.keyspace,
    authProvider: new auth.PlainTextAuthProvider(access.username, access.password),
    socketOptions: { connectTimeout: connectTimeoutMs, readTimeout: readTimeoutMs, tcpNoDelay: true },
    pooling: { coreConnectionsPerHost: { [types.distance.local]: 1 }, maxRequestsPerConnection: 2048 },
    queryOptions: { consistency: types.consistencies.localQuorum, isIdempotent: true, prepare: true },
    // What batchRequest.ts writes.
    protocolOptions: { maxVersion: 4 },
    policies: {
      reconnection: new policies.reconnection.ConstantReconnectionPolicy(1000),
      addressResolution: knownPorts(endpoints),
    },
  };
}

/** Contact points are hosts, or `host:port` where the nodes' ports differ. */
function endpointsOf({ contactPoints, port }: CassandraAccess): string[] {
  return contactPoints.map((point) => (point.includes(':') ? point : `${point}:${port}`));
}

/** The driver learns the addresses of further nodes from the first, but not their CQL ports: those are ours to know. */
function knownPorts(endpoints: readonly string[]): policies.addressResolution.AddressTranslator {
  const byAddress = new Map(endpoints.map((endpoint) => [endpoint.slice(0, endpoint.lastIndexOf(':')), endpoint]));
  return Object.assign(policies.defaultAddressTranslator(), {
    translate: (address: string, port: number, callback: (endpoint: string) => void) =>
      callback(byAddress.get(address) ?? `${address}:${port}`),
  });
}
