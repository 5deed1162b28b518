/** Where we reach into kafkajs 2.2.4: the clusters that a client object makes for its consumers, producers and admins. */
import type { Kafka } from 'kafkajs';

export interface Cluster {
  findBroker(which: unknown): Promise<Broker>;
  /** The brokers that are known. A consumer asks before each fetch, and before it makes its fetchers. */
  getNodeIds(): readonly string[];
}

export interface Broker {
  fetch(args: unknown): Promise<unknown>;
  lookupRequest(apiKey: number, definition: unknown): (args: unknown) => ProtocolRequest;
}

export interface ProtocolRequest {
  readonly request: { readonly apiVersion: number };
  readonly response: Response;
}

export interface Response {
  decode(bytes: Buffer): Promise<unknown>;
}

/** Hands each cluster that this client makes from now on to `change`; those of other clients are left as they are. */
export function changeClusters(kafka: Kafka, change: (cluster: Cluster) => void): void {
  const internals = kafka as unknown as Record<symbol, (options: unknown) => Cluster>;
  const createCluster = Object.getOwnPropertySymbols(kafka).find((each) =>
    each.description?.endsWith(':createCluster'),
  );
  if (createCluster === undefined) return;
  const create = internals[createCluster]!;
  internals[createCluster] = (options) => {
    const cluster = create(options);
    change(cluster);
    return cluster;
  };
}
