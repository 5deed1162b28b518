/**
 * Cassandra as a sink: prepared upserts, routed to a node that keeps the row, a bounded number of requests under way. A row
 * that Cassandra finds invalid is poison; everything else that fails is the store's trouble, and `write` rejects.
 */
import { type Client, errors } from 'cassandra-driver';
import { fail } from '../../errors.ts';
import type { TableSpec } from '../../model/blueprint.ts';
import type { EventSchema } from '../../model/schema.ts';
import { reasonOf } from '../backoff.ts';
import type { EventRecord, Poison, Sink, WriteOutcome } from '../contract.ts';
import { poison } from '../event.ts';
import { executeBatch, type Prepared, prepareStatement } from './batchRequest.ts';
import type { CassandraConnection } from './connection.ts';
import { type GroupBounds, groupBounds, groupRows } from './grouping.ts';
import { RowBuffer } from './rowBuffer.ts';
import { compileUpsert, type Row, type Upsert } from './upsert.ts';

export interface CassandraSinkOptions {
  readonly connection: CassandraConnection;
  /** Name in CQL. */
  readonly table: string;
  readonly spec: TableSpec;
  readonly schema: EventSchema;
  readonly bounds?: Partial<GroupBounds & { readonly inFlight: number }>;
}

/** Requests under way at once, over all partitions of the source. */
const inFlight = 64;
const firstBufferBytes = 256 * 1024;
const keptBufferBytes = 2 * 1024 * 1024;
/** Native protocol 4, section 9: the statement or a value in it is invalid. */
const invalidRequest = 0x2200;

interface Open {
  readonly client: Client;
  readonly prepared: Prepared;
}

export function createCassandraSink(options: CassandraSinkOptions): Sink {
  return new CassandraSink(options);
}

class CassandraSink implements Sink {
  readonly #options: CassandraSinkOptions;
  readonly #upsert: Upsert;
  readonly #bounds: GroupBounds & { readonly inFlight: number };
  #open: Open | undefined;
  /** Buffers of writes that are over; writes of several partitions run at once. */
  readonly #spareBuffers: RowBuffer[] = [];
  #underWay = 0;
  readonly #queue: (() => void)[] = [];

  constructor(options: CassandraSinkOptions) {
    this.#options = options;
    this.#bounds = { ...groupBounds, inFlight, ...options.bounds };
    this.#upsert = compileUpsert(options.table, options.spec, options.schema);
  }

  async open(): Promise<void> {
    if (this.#open !== undefined) return;
    const { connection, table } = this.#options;
    const client = await connection.acquire();
    try {
      const { keyspace, contactPoints } = connection.access;
      const found = await client.metadata.getTable(keyspace, table);
      if (!found) {
        const reason = `table ${keyspace}.${table} is not there yet`;
        fail('SERVER_UNREACHABLE', { framework: 'Cassandra', endpoint: contactPoints, action: 'opening', reason });
      }
      const prepared = await prepareStatement(client, this.#upsert.cql, keyspace);
      this.#open = { client, prepared };
    } catch (error) {
      await connection.release();
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#open === undefined) return;
    this.#open = undefined;
    await this.#options.connection.release();
  }

  async write(records: readonly EventRecord[]): Promise<WriteOutcome> {
    const open = this.#open;
    if (open === undefined) throw new Error('the Cassandra sink is not open');
    const values = this.#spareBuffers.pop() ?? new RowBuffer(firstBufferBytes);
    const refused: Poison[] = [];
    const rows: Row[] = [];
    for (const event of records) {
      const row = this.#upsert.bind(event, values);
      if (typeof row === 'string') refused.push(poison(event.raw, 'refused-by-store', row));
      else rows.push(row);
    }
    const requests = groupRows(rows, this.#nodeNames(open.client), this.#bounds);
    const results = await Promise.allSettled(requests.map((request) => this.#send(open, request, values, refused)));
    // All are settled first: a request that is still under way must not meet its own repetition, nor lose its buffer.
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    values.reset();
    if (values.capacity <= keptBufferBytes) this.#spareBuffers.push(values);
    return { poison: refused };
  }

  async #send(open: Open, rows: readonly Row[], values: RowBuffer, refused: Poison[]): Promise<void> {
    await this.#enter();
    try {
      await this.#execute(open, rows, values);
    } catch (error) {
      if (!isInvalid(error)) throw error;
      if (rows.length > 1) await this.#sendEach(open, rows, values, refused);
      else refused.push(poison(rows[0]!.event.raw, 'refused-by-store', reasonOf(error)));
    } finally {
      this.#leave();
    }
  }

  /** One of them is invalid; only that one is to be refused. */
  async #sendEach(open: Open, rows: readonly Row[], values: RowBuffer, refused: Poison[]): Promise<void> {
    for (const row of rows) {
      try {
        await this.#execute(open, [row], values);
      } catch (error) {
        if (!isInvalid(error)) throw error;
        refused.push(poison(row.event.raw, 'refused-by-store', reasonOf(error)));
      }
    }
  }

  #execute({ client, prepared }: Open, rows: readonly Row[], values: RowBuffer): Promise<void> {
    const routingKey = client.hosts.length > 1 ? this.#upsert.routingKey(rows[0]!.event) : undefined;
    return executeBatch(client, prepared, rows, values, routingKey);
  }

  /** Names the first node that keeps a row; with one node in the cluster there is nothing to tell apart. */
  #nodeNames(client: Client): (row: Row) => string {
    if (client.hosts.length <= 1) return () => '';
    const { keyspace } = this.#options.connection.access;
    return ({ event }) => client.getReplicas(keyspace, this.#upsert.routingKey(event))?.[0]?.address ?? '';
  }

  #enter(): Promise<void> | undefined {
    if (this.#underWay < this.#bounds.inFlight) {
      this.#underWay += 1;
      return undefined;
    }
    return new Promise((resolve) => this.#queue.push(resolve));
  }

  /** The place goes to the next in the queue, if there is one. */
  #leave(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#underWay -= 1;
    else next();
  }
}

/** A dropped table or keyspace makes every statement invalid; that is no fault of the row. */
function isInvalid(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError) return true;
  if (!(error instanceof errors.ResponseError) || error.code !== invalidRequest) return false;
  return !/unconfigured|keyspace|unknown identifier|undefined column/i.test(error.message);
}
