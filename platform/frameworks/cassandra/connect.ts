/** Clients of the probe and the admin verbs, and what their errors mean. */
import { auth, Client, errors, policies } from 'cassandra-driver';
import { fail, MillraceError } from '../../errors.ts';
import { dataCenter } from './access.ts';

export interface CqlLogin {
  /** `host:port` of the nodes to ask. */
  readonly endpoints: readonly string[];
  readonly role: string;
  readonly password: string;
  /** Longest time for a connection and for an answer, in milliseconds. */
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
}

export function cqlClient({ endpoints, role, password, connectTimeoutMs, readTimeoutMs }: CqlLogin): Client {
  return new Client({
    contactPoints: [...endpoints],
    localDataCenter: dataCenter,
    authProvider: new auth.PlainTextAuthProvider(role, password),
    isMetadataSyncEnabled: false,
    socketOptions: { connectTimeout: connectTimeoutMs, readTimeout: readTimeoutMs },
    pooling: { warmup: false, heartBeatInterval: 0 },
    policies: {
      reconnection: new policies.reconnection.ConstantReconnectionPolicy(1000),
      addressResolution: knownPorts(endpoints),
    },
    protocolOptions: { maxSchemaAgreementWaitSeconds: 30 },
  });
}

/** The driver learns addresses of further nodes from the first, but not their CQL ports: those are ours to know. */
function knownPorts(endpoints: readonly string[]): policies.addressResolution.AddressTranslator {
  const addressOf = (endpoint: string) => endpoint.slice(0, endpoint.lastIndexOf(':'));
  const byAddress = new Map(endpoints.map((endpoint) => [addressOf(endpoint), endpoint]));
  return Object.assign(policies.defaultAddressTranslator(), {
    translate: (address: string, port: number, callback: (endpoint: string) => void) =>
      callback(byAddress.get(address) ?? `${address}:${port}`),
  });
}

/** Whether a node refused our name and password, however deep the driver has put that answer. */
export function isLoginRefusal(error: unknown): boolean {
  if (error instanceof errors.AuthenticationError) return true;
  if (error instanceof errors.ResponseError) return error.code === badCredentials;
  if (!(error instanceof errors.NoHostAvailableError)) return false;
  return Object.values(error.innerErrors).some(isLoginRefusal);
}

/** Error codes of the native protocol, version 4, section 9. */
const badCredentials = 0x0100;

/** What went wrong at the first node that has something to say. */
export function reasonOf(error: unknown): string {
  if (error instanceof errors.NoHostAvailableError) {
    const [inner] = Object.values(error.innerErrors);
    if (inner !== undefined) return reasonOf(inner);
  }
  return error instanceof Error ? error.message : String(error);
}

/** Runs `work`; what the driver throws becomes SERVER_UNREACHABLE (asking again may help) or SERVER_REFUSED. */
export async function asking<T>(endpoint: readonly string[], action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    const isFinal = isLoginRefusal(error) || (error instanceof errors.ResponseError && finalCodes.has(error.code));
    const details = { framework: 'Cassandra', endpoint, action, reason: reasonOf(error) };
    return fail(isFinal ? 'SERVER_REFUSED' : 'SERVER_UNREACHABLE', details, error);
  }
}

/** Syntax error, unauthorized, invalid, configuration error: the same question gets the same answer. */
const finalCodes = new Set([0x2000, 0x2100, 0x2200, 0x2300]);
