/** The files of a node: pure text from the placements, the options and the secrets. */
import type { RenderContext } from '../contract.ts';
import { cassandraAdminRole, cassandraClusterName } from './access.ts';
import type { CassandraOptions } from './spec.ts';

type Setting = string | number | boolean | readonly unknown[] | object;

/** `cassandra.yaml`: written as JSON values, which YAML takes. */
export function cassandraYaml(context: RenderContext<CassandraOptions>): string {
  const settings = { ...network(context), ...storage, ...safety, ...security, ...sizes(context) };
  return `${Object.entries(settings)
    .map(([key, value]: [string, Setting]) => `${key}: ${JSON.stringify(value)}`)
    .join('\n')}\n`;
}

/** The superuser of millrace.Administrator. */
export function administratorProperties({ secret }: RenderContext<CassandraOptions>): string {
  return `name=${cassandraAdminRole}\npassword=${secret('admin')}\n`;
}

/** The log goes to stdout, where the driver rotates it. */
export const logbackXml = `<configuration>
  <appender name="STDOUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%date{ISO8601} %-5level [%thread] %logger{0} - %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="STDOUT"/></root>
  <logger name="org.apache.cassandra.service" level="INFO"/>
</configuration>
`;

function network({ identity, placements, placement }: RenderContext<CassandraOptions>): Record<string, Setting> {
  const { address, ports } = placement;
  const [first] = placements;
  const seed = `${first?.address}:${first?.ports.internode}`;
  return {
    cluster_name: cassandraClusterName(identity),
    listen_address: address,
    storage_port: ports.internode ?? 7000,
    rpc_address: address,
    native_transport_port: ports.cql ?? 9042,
    start_native_transport: true,
    endpoint_snitch: 'SimpleSnitch',
    dynamic_snitch: placements.length > 1,
    seed_provider: [{ class_name: 'millrace.FixedSeedProvider', parameters: [{ seeds: seed }] }],
  };
}

const storage: Record<string, Setting> = {
  partitioner: 'org.apache.cassandra.dht.Murmur3Partitioner',
  num_tokens: 16,
  data_file_directories: ['{dataDir}/data'],
  commitlog_directory: '{dataDir}/commitlog',
  hints_directory: '{dataDir}/hints',
  saved_caches_directory: '{dataDir}/saved_caches',
  cdc_raw_directory: '{dataDir}/cdc_raw',
  storage_compatibility_mode: 'NONE',
};

/** An acknowledged write is on the disk: `periodic` loses what was acknowledged in the last seconds before kill -9. */
const safety: Record<string, Setting> = {
  commitlog_sync: 'batch',
  disk_failure_policy: 'stop',
  commit_failure_policy: 'stop',
  // Dropping a keyspace is a step of a plan that says so; a hidden copy would stay behind for ever.
  auto_snapshot: false,
  snapshot_before_compaction: false,
};

const security: Record<string, Setting> = {
  authenticator: 'millrace.FileAdministratorAuthenticator',
  role_manager: 'millrace.FileAdministratorRoleManager',
  authorizer: 'CassandraAuthorizer',
};

/** Caches, segments and threads for some hundreds of MiB of heap; time limits for a machine that is busy. */
function sizes({ options, placements }: RenderContext<CassandraOptions>): Record<string, Setting> {
  const general = {
    hinted_handoff_enabled: placements.length > 1,
    trickle_fsync: true,
    read_request_timeout: '10s',
    range_request_timeout: '20s',
    write_request_timeout: '10s',
    request_timeout: '20s',
    truncate_request_timeout: '60s',
    // Our sinks write unlogged batches of one partition each, of up to 1 MiB.
    batch_size_warn_threshold: '512KiB',
    batch_size_fail_threshold: '2MiB',
  };
  if (options.profile === 'server') return general;
  return {
    ...general,
    commitlog_segment_size: '16MiB',
    commitlog_total_space: '256MiB',
    memtable_heap_space: `${Math.floor(options.heapMiB / 5)}MiB`,
    memtable_offheap_space: '64MiB',
    key_cache_size: '8MiB',
    key_cache_save_period: '0s',
    file_cache_size: '32MiB',
    networking_cache_size: '16MiB',
    concurrent_reads: 16,
    concurrent_writes: 16,
    concurrent_compactors: 1,
    native_transport_max_threads: 32,
    compaction_throughput: '32MiB/s',
  };
}
