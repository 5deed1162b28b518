/**
 * The one request that kafkajs 2.2.4 lacks: AlterUserScramCredentials version 0 (KIP-554; layout in Kafka's
 * clients/src/main/resources/common/message/AlterUserScramCredentialsRequest.json), sent over a connection of kafkajs.
 *
 * Deletions are left out of it on purpose: see `removeUser`.
 *
 * It is a "flexible" request: its header, and so what kafkajs takes for the body, begins with a byte of tagged fields.
 * The handle on the connection is private to kafkajs; it is released no more, and its version is pinned.
 */
import { pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { Kafka } from 'kafkajs';

export interface ScramCredential {
  readonly user: string;
  readonly password: string;
}

/** 0 is success; others at https://kafka.apache.org/protocol.html#protocol_error_codes. */
export interface ScramOutcome {
  readonly errorCode: number;
  readonly errorMessage: string;
}

/** Kafka's own minimum. More would only slow logins: our passwords are 256 random bits. */
const iterations = 4096;
const scramSha512 = 2;
const noTags = Buffer.from([0]);

export async function alterScramCredential(kafka: Kafka, credential: ScramCredential): Promise<ScramOutcome> {
  const cluster = clusterOf(kafka);
  await cluster.connect();
  try {
    await cluster.refreshMetadata();
    const broker = await cluster.findControllerBroker();
    return await broker.connectionPool.send({ request: request(await encode(credential)), response });
  } finally {
    await cluster.disconnect();
  }
}

interface WireBody {
  readonly buf: Buffer;
  readonly buffer: Buffer;
  size(): number;
}
interface Exchange {
  readonly request: { apiKey: number; apiVersion: number; apiName: string; encode(): Promise<WireBody> };
  readonly response: {
    decode(body: Buffer): Promise<ScramOutcome>;
    parse(outcome: ScramOutcome): Promise<ScramOutcome>;
  };
}
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  findControllerBroker(): Promise<{ connectionPool: { send(exchange: Exchange): Promise<ScramOutcome> } }>;
}

function clusterOf(kafka: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find((each) => each.description === 'private:Kafka:createCluster');
  if (symbol === undefined) throw new Error('kafkajs is not the pinned version 2.2.4');
  const create = (kafka as unknown as Record<symbol, (options: object) => Cluster>)[symbol];
  return create!({ metadataMaxAge: 300_000 });
}

function request(body: Buffer): Exchange['request'] {
  return {
    apiKey: 51,
    apiVersion: 0,
    apiName: 'AlterUserScramCredentials',
    encode: async () => ({ buf: body, buffer: body, size: () => body.length }),
  };
}

async function encode({ user, password }: ScramCredential): Promise<Buffer> {
  const salt = randomBytes(32);
  const salted = await promisify(pbkdf2)(password, salt, iterations, 64, 'sha512');
  const count = Buffer.alloc(4);
  count.writeInt32BE(iterations);
  const mechanism = Buffer.from([scramSha512]);
  const upsertion = [
    compactBytes(Buffer.from(user)),
    mechanism,
    count,
    compactBytes(salt),
    compactBytes(salted),
    noTags,
  ];
  return Buffer.concat([noTags, compactArray([]), compactArray([Buffer.concat(upsertion)]), noTags]);
}

/** Lengths in compact types are written as unsigned variable-length integers, plus one. */
function unsignedVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function compactBytes(bytes: Buffer): Buffer {
  return Buffer.concat([unsignedVarint(bytes.length + 1), bytes]);
}

function compactArray(items: readonly Buffer[]): Buffer {
  return Buffer.concat([unsignedVarint(items.length + 1), ...items]);
}

/** tags, throttle_time_ms INT32, results [user, error_code INT16, error_message, tags], tags. Exactly one result. */
const response: Exchange['response'] = {
  decode: async (body) => {
    let at = 1 + 4;
    const length = () => {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = body.readUInt8(at++);
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80) return value - 1;
      }
    };
    const text = () => {
      const size = Math.max(0, length());
      at += size;
      return body.toString('utf8', at - size, at);
    };
    if (length() !== 1) throw new Error('AlterUserScramCredentials did not answer with one result');
    text();
    const errorCode = body.readInt16BE(at);
    at += 2;
    return { errorCode, errorMessage: text() };
  },
  parse: async (outcome) => outcome,
};
