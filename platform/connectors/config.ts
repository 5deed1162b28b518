/**
 * The file that a Node task of a pipeline is started with (`--config FILE`, mode 0600): every reference resolved, every
 * secret in it. Written by the `task.launch` activity; the shape is the same for ingress, sinks, feeds and services.
 */
import type { BlueprintSpec, ParameterValues } from '../model/blueprint.ts';
import type { Sabotage } from '../telemetry/sabotage.ts';

export interface KafkaAccess {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[];
  readonly clusterId: string;
  readonly username: string;
  readonly password: string;
  readonly mechanism: 'scram-sha-512';
}
export interface CassandraAccess {
  readonly contactPoints: readonly string[];
  readonly port: number;
  readonly localDataCenter: string;
  readonly clusterName: string;
  readonly keyspace: string;
  readonly username: string;
  readonly password: string;
}
export interface RedisAccess {
  readonly host: string;
  readonly port: number;
  readonly password: string;
}

export interface NodeTaskConfig {
  readonly task: string;
  readonly pipeline: string;
  readonly revision: number;
  readonly instance: number;
  readonly role:
    | { readonly kind: 'ingress'; readonly service: string }
    | { readonly kind: 'flows'; readonly group: string }
    | { readonly kind: 'module'; readonly service: string; readonly entry: string };
  /** Where to listen. `service` may be shared by the instances of a service (SO_REUSEPORT); `health` never is. */
  readonly listen: {
    readonly address: string;
    readonly health: number;
    readonly service?: number;
  };
  readonly spec: BlueprintSpec;
  readonly parameters: ParameterValues;
  readonly kafka?: KafkaAccess;
  readonly cassandra?: CassandraAccess;
  readonly redis?: RedisAccess;
  /** Base URLs of services of the same pipeline, by service name. */
  readonly services: Readonly<Record<string, string>>;
  /** Directory in which the process writes its spans (platform/telemetry). */
  readonly spansDir: string;
  /** See telemetry/sabotage.ts; only where the deploy has allowed it. */
  readonly sabotage?: Sabotage;
  /** Kept over restarts and relaunches of the task: the feed's position lies here, and the ledgers' journals. */
  readonly dataDir: string;
}
