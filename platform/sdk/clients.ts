/**
 * The clients that a service may use. They connect in the background, for ever; a service never ends because a server is not there.
 * A driver is loaded by the first connection: a service that does not use it need not pay for it (50 to 70 ms of CPU each).
 */
import type { Client } from 'cassandra-driver';
import type { Redis } from 'ioredis';
import { Backoff, pause, reasonOf } from '../connectors/backoff.ts';
import type { CassandraConnection } from '../connectors/cassandra/connection.ts';
import type { CassandraAccess, NodeTaskConfig, RedisAccess } from '../connectors/config.ts';
import type { ProjectionReader } from '../connectors/redis/projection.ts';
import { fail } from '../errors.ts';
import type { ProjectionFollower } from './service.ts';

export interface Clients {
  cassandra(): Client;
  redis(): Redis;
  projection(name: string, follower?: ProjectionFollower): () => ProjectionReader;
  /** Of the servers that the service uses; empty when all are connected. */
  waitingFor(): string;
  close(): Promise<void>;
}

type Log = (message: string) => void;

interface Connection<T> {
  /** Throws SERVER_UNREACHABLE before the first connection and while it is lost. */
  get(): T;
  waitingFor(): string;
  close(): Promise<void>;
}

/** Connects to what `uses` names. Throws INTERNAL when the config holds no access to it. */
export function createClients(config: NodeTaskConfig, uses: readonly string[], log: Log): Clients {
  const { task, pipeline } = config;
  const accessTo = <K extends 'cassandra' | 'redis'>(server: K) =>
    config[server] ?? fail('INTERNAL', { reason: `${task} was given no access to ${server}` });
  const unused = (server: string) => fail('INTERNAL', { reason: `${task} does not name ${server} in "uses"` });
  const connections: Connection<unknown>[] = [];
  const add = <T>(connection: Connection<T>) => {
    connections.push(connection);
    return connection;
  };
  const cassandra = uses.includes('cassandra') ? add(keepCassandra(accessTo('cassandra'), log)) : undefined;
  const redis = uses.includes('redis') ? add(keepRedis(accessTo('redis'), log)) : undefined;
  return {
    cassandra: () => cassandra?.get() ?? unused('cassandra'),
    redis: () => redis?.get() ?? unused('redis'),
    projection(name, follower) {
      if (redis === undefined) return unused('redis');
      const connection = add(keepProjection(accessTo('redis'), { pipeline, name }, follower, log));
      return () => connection.get();
    },
    waitingFor: () => [...new Set(connections.map((connection) => connection.waitingFor()))].filter(Boolean).join('; '),
    close: async () => {
      await Promise.allSettled(connections.map((connection) => connection.close()));
    },
  };
}

function keepCassandra(access: CassandraAccess, log: Log): Connection<Client> {
  let connection: CassandraConnection | undefined;
  return keep(
    { framework: 'Cassandra', endpoint: `${access.contactPoints.join(', ')} port ${access.port}` },
    {
      open: async () => {
        const { createCassandraConnection } = await import('../connectors/cassandra/connection.ts');
        connection ??= createCassandraConnection(access, log);
        return connection.acquire();
      },
      isUp: (client) =>
        client
          .getState()
          .getConnectedHosts()
          .some((host) => host.isUp()),
      close: async () => connection?.release(),
    },
    log,
  );
}

function keepRedis(access: RedisAccess, log: Log): Connection<Redis> {
  return keep(
    { framework: 'Redis', endpoint: `${access.host}:${access.port}` },
    {
      open: async () => (await import('../connectors/redis/connection.ts')).connectRedis(access),
      isUp: (client) => client.status === 'ready',
      close: async (client) => client.disconnect(),
    },
    log,
  );
}

function keepProjection(
  access: RedisAccess,
  { pipeline, name }: { readonly pipeline: string; readonly name: string },
  follower: ProjectionFollower | undefined,
  log: Log,
): Connection<ProjectionReader> {
  return keep(
    { framework: 'Redis', endpoint: `${access.host}:${access.port}` },
    {
      open: async () => {
        const { openProjection } = await import('../connectors/redis/projection.ts');
        const reader = await openProjection(access, pipeline, name);
        if (follower === undefined) return reader;
        await reader.subscribe(follower).catch(async (error) => {
          await reader.close();
          throw error;
        });
        return reader;
      },
      isUp: () => true,
      close: (reader) => reader.close(),
    },
    log,
  );
}

interface Keeping<T> {
  /** One attempt. */
  open(): Promise<T>;
  /** Once opened, the driver mends its connections by itself; this tells how they are. */
  isUp(opened: T): boolean;
  close(opened: T): Promise<void>;
}

/** Tries with backoff until it is open or closed. */
function keep<T>(
  server: { readonly framework: string; readonly endpoint: string },
  { open, isUp, close }: Keeping<T>,
  log: Log,
): Connection<T> {
  const { framework, endpoint } = server;
  const abort = new AbortController();
  let opened: { readonly value: T } | undefined;
  let reason = 'not connected yet';
  const opening = (async () => {
    const backoff = new Backoff(100, 1000);
    while (!abort.signal.aborted && opened === undefined) {
      try {
        opened = { value: await open() };
        reason = 'the connection is lost';
        log(`connected to ${framework} at ${endpoint}`);
      } catch (error) {
        const newest = reasonOf(causeOf(error));
        if (reason !== newest) log(`waits for ${framework} at ${endpoint}: ${newest}`);
        reason = newest;
        await pause(backoff.nextMs(), abort.signal);
      }
    }
  })();
  const isReady = () => opened !== undefined && isUp(opened.value);
  return {
    get: () => (opened !== undefined && isReady() ? opened.value : fail('SERVER_UNREACHABLE', { ...server, reason })),
    waitingFor: () => (isReady() ? '' : `${framework}: ${reason}`),
    async close() {
      abort.abort();
      await opening;
      if (opened !== undefined) await close(opened.value);
    },
  };
}

/** Cassandra's driver tells what went wrong with each host, and above that a whole page of it. */
function causeOf(error: unknown): unknown {
  const { innerErrors } = error as { readonly innerErrors?: Readonly<Record<string, unknown>> };
  return Object.values(innerErrors ?? {})[0] ?? error;
}
