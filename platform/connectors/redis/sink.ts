/**
 * Redis as a sink: keeps a projection (projection.ts). Each batch is one script call or a few, so that a reader never sees a
 * member without its score. A record whose version is not greater than the member's changes nothing and is not told.
 */
import type { Redis } from 'ioredis';
import { fail } from '../../errors.ts';
import type { FlowSpec } from '../../model/blueprint.ts';
import type { EventSchema, FieldType } from '../../model/schema.ts';
import type { RedisAccess } from '../config.ts';
import type { EventRecord, Poison, Sink, WriteOutcome } from '../contract.ts';
import { type FieldValue, poison } from '../event.ts';
import { epochMsOf } from '../time.ts';
import { connectRedis } from './connection.ts';
import { projectionKeys } from './projection.ts';

export type ProjectionTarget = Extract<FlowSpec['to'], { kind: 'redis' }>;

export interface RedisSinkOptions {
  readonly access: RedisAccess;
  readonly pipeline: string;
  readonly target: ProjectionTarget;
  readonly schema: EventSchema;
}

/** Records in one script call: Redis does nothing else meanwhile. */
const recordsPerCall = 200;

/**
 * KEYS: scores, members, versions. ARGV: channel, most members, then member, score, version, JSON of each record. In a full
 * projection a member that would be the last is left out, so that replays of what was trimmed change nothing either.
 */
const applyScript = `
local most = tonumber(ARGV[2])
local changed = 0
for i = 3, #ARGV, 4 do
  local member, score, version, value = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local known = redis.call('HGET', KEYS[3], member)
  local newer = not known
  if known then
    local a, b = tonumber(version), tonumber(known)
    if a and b then newer = a > b else newer = version > known end
  end
  if newer and not known and redis.call('ZCARD', KEYS[1]) >= most then
    local last = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
    if tonumber(score) < tonumber(last[2]) then
      newer = false
    else
      redis.call('ZREM', KEYS[1], last[1])
      redis.call('HDEL', KEYS[2], last[1])
      redis.call('HDEL', KEYS[3], last[1])
    end
  end
  if newer then
    redis.call('ZADD', KEYS[1], score, member)
    redis.call('HSET', KEYS[2], member, value)
    redis.call('HSET', KEYS[3], member, version)
    redis.call('PUBLISH', ARGV[1], '{"member":' .. cjson.encode(member) .. ',"score":' .. score .. ',"value":' .. value .. '}')
    changed = changed + 1
  end
end
return changed
`;

interface ScriptedRedis extends Redis {
  applyToProjection(...args: readonly (string | number)[]): Promise<number>;
}

/** Throws INVALID_BLUEPRINT when the target names a field that the schema lacks, or scores by one that is no number. */
export function createRedisSink(options: RedisSinkOptions): Sink {
  return new RedisSink(options);
}

class RedisSink implements Sink {
  readonly #options: RedisSinkOptions;
  readonly #keys: readonly [string, string, string];
  readonly #channel: string;
  readonly #scoreType: FieldType;
  readonly #versionType: FieldType;
  #redis: ScriptedRedis | undefined;

  constructor(options: RedisSinkOptions) {
    this.#options = options;
    const { scores, members, versions, channel } = projectionKeys(options.pipeline, options.target.projection);
    this.#keys = [scores, members, versions];
    this.#channel = channel;
    fieldType(options, 'member');
    this.#scoreType = fieldType(options, 'score');
    this.#versionType = fieldType(options, 'version');
    if (this.#scoreType === 'string' || this.#scoreType === 'boolean')
      refuse(options, 'score', 'is not a number or a time');
  }

  async open(): Promise<void> {
    if (this.#redis !== undefined) return;
    const redis = await connectRedis(this.#options.access);
    redis.defineCommand('applyToProjection', { numberOfKeys: 3, lua: applyScript });
    this.#redis = redis as ScriptedRedis;
  }

  async close(): Promise<void> {
    this.#redis?.disconnect();
    this.#redis = undefined;
  }

  async write(records: readonly EventRecord[]): Promise<WriteOutcome> {
    const redis = this.#redis;
    if (redis === undefined) throw new Error('the Redis sink is not open');
    const refused: Poison[] = [];
    const calls: Promise<number>[] = [];
    let args: (string | number)[] = [];
    const call = () => {
      if (args.length > 0)
        calls.push(redis.applyToProjection(...this.#keys, this.#channel, this.#options.target.maxMembers, ...args));
      args = [];
    };
    for (const event of records) {
      const entry = this.#entry(event);
      if (typeof entry === 'string') refused.push(poison(event.raw, 'refused-by-store', entry));
      else args.push(...entry);
      if (args.length >= recordsPerCall * 4) call();
    }
    call();
    const failed = (await Promise.allSettled(calls)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return { poison: refused };
  }

  /** Member, score, version and value; or why the record can't have a place. */
  #entry({ fields }: EventRecord): readonly [string, number, string | number, string] | string {
    const { member, score, version } = this.#options.target;
    const name = fields[member];
    if (name === null || name === undefined || name === '') return `${member}: the member is empty`;
    const place = comparable(fields[score], this.#scoreType);
    if (typeof place !== 'number' || !Number.isFinite(place)) return `${score}: the score is not a number`;
    const rank = comparable(fields[version], this.#versionType);
    if (rank === undefined) return `${version}: the version can not be compared`;
    return [String(name), place, rank, JSON.stringify(fields)];
  }
}

/** Times as milliseconds since 1970; longs that a double can't carry exactly can't be compared by Redis. */
function comparable(value: FieldValue | undefined, type: FieldType): number | string | undefined {
  if (value === null || value === undefined) return undefined;
  if (type === 'timestamp') return epochMsOf(String(value));
  if (type === 'long' && typeof value === 'string')
    return Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
  return typeof value === 'boolean' ? Number(value) : value;
}

function fieldType(options: RedisSinkOptions, part: 'member' | 'score' | 'version'): FieldType {
  return options.schema.fields[options.target[part]]?.type ?? refuse(options, part, 'is not a field of the topic');
}

function refuse({ target, schema }: RedisSinkOptions, part: 'member' | 'score' | 'version', why: string): never {
  const reason = `"${target[part]}" ${why}`;
  return fail('INVALID_BLUEPRINT', { name: schema.name, path: `flows.${target.projection}.to.${part}`, reason });
}
