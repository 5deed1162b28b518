/**
 * A projection: of each member the newest record, the members in order of their scores. One place for how it lies in Redis,
 * for the sink that writes and the services that read:
 *
 *   PIPELINE:PROJECTION           sorted set  member → score
 *   PIPELINE:PROJECTION:members   hash        member → JSON of the record's fields
 *   PIPELINE:PROJECTION:versions  hash        member → version of that record
 *   PIPELINE:PROJECTION:changes   channel     a message `{"member":…,"score":…,"value":{…}}` for each change
 */
import type { Redis } from 'ioredis';
import { physical } from '../../model/names.ts';
import type { RedisAccess } from '../config.ts';
import { connectRedis } from './connection.ts';

export interface ProjectionKeys {
  readonly scores: string;
  readonly members: string;
  readonly versions: string;
  readonly channel: string;
}

export function projectionKeys(pipeline: string, projection: string): ProjectionKeys {
  const scores = physical.redisKey(pipeline, projection);
  return { scores, members: `${scores}:members`, versions: `${scores}:versions`, channel: `${scores}:changes` };
}

export interface ProjectionEntry {
  readonly member: string;
  readonly score: number;
  /** The fields of the newest record of the member. */
  readonly value: Readonly<Record<string, unknown>>;
}

export interface ProjectionReader {
  /** The `count` members with the highest scores, highest first. */
  top(count: number): Promise<ProjectionEntry[]>;
  get(member: string): Promise<ProjectionEntry | undefined>;
  /** Calls `onChange` with each change from now on; the answer ends it. Changes during a lost connection are not told. */
  subscribe(onChange: (entry: ProjectionEntry) => void): Promise<() => void>;
  close(): Promise<void>;
}

/** Rejects when Redis is not there or not ours; connects again by itself after that. */
export async function openProjection(
  access: RedisAccess,
  pipeline: string,
  projection: string,
): Promise<ProjectionReader> {
  const keys = projectionKeys(pipeline, projection);
  const redis = await connectRedis(access);
  const listeners = new Set<(entry: ProjectionEntry) => void>();
  let subscriber: Promise<Redis> | undefined;
  const entryOf = (member: string, score: string, json: string | null): ProjectionEntry[] =>
    json === null ? [] : [{ member, score: Number(score), value: JSON.parse(json) }];
  const listen = async (): Promise<Redis> => {
    const client = await connectRedis(access);
    client.on('message', (_channel: string, message: string) => {
      const entry = JSON.parse(message) as ProjectionEntry;
      for (const listener of listeners) listener(entry);
    });
    await client.subscribe(keys.channel);
    return client;
  };
  return {
    top: async (count) => {
      const ranked = await redis.zrange(keys.scores, '+inf', '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, count, 'WITHSCORES');
      const pairs = ranked.flatMap((member, i) => (i % 2 === 0 ? [{ member, score: ranked[i + 1]! }] : []));
      if (pairs.length === 0) return [];
      const values = await redis.hmget(keys.members, ...pairs.map(({ member }) => member));
      return pairs.flatMap(({ member, score }, i) => entryOf(member, score, values[i] ?? null));
    },
    get: async (member) => {
      const [score, json] = await Promise.all([redis.zscore(keys.scores, member), redis.hget(keys.members, member)]);
      return score === null ? undefined : entryOf(member, score, json)[0];
    },
    subscribe: async (onChange) => {
      subscriber ??= listen().catch((error) => {
        subscriber = undefined;
        throw error;
      });
      await subscriber;
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
    close: async () => {
      listeners.clear();
      redis.disconnect();
      await subscriber?.then((client) => client.disconnect()).catch(() => {});
    },
  };
}
