/**
 * A BATCH request of one prepared statement (native protocol 4, section 4.1.7), made of rows that are encoded already. The
 * driver's own `client.batch` makes some thirty objects of each row; everything else (pools, routing, retries, preparing anew)
 * is still the driver's. It reaches into cassandra-driver 4.10.0, whose version package.json pins.
 */
import { createRequire } from 'node:module';
import type { Client } from 'cassandra-driver';
import type { RowBuffer } from './rowBuffer.ts';
import type { Row } from './upsert.ts';

export interface Prepared {
  readonly queryId: Buffer;
  readonly columns: number;
}

interface DriverRequest {
  write(encoder: { readonly protocolVersion: number }, streamId: number): Buffer;
}
interface ExecutionOptions {
  getConsistency(): number;
  getLoadBalancingPolicy(): unknown;
}

const require = createRequire(import.meta.url);
const { DefaultExecutionOptions } = require('cassandra-driver/lib/execution-options.js') as {
  DefaultExecutionOptions: { create(options: object, client: Client): ExecutionOptions };
};
const PrepareHandler = require('cassandra-driver/lib/prepare-handler.js') as {
  getPrepared(client: Client, policy: unknown, query: string, keyspace: string): Promise<PreparedInfo>;
};
const RequestHandler = require('cassandra-driver/lib/request-handler.js') as {
  send(request: DriverRequest, options: ExecutionOptions, client: Client): Promise<unknown>;
};
interface PreparedInfo {
  readonly queryId: Buffer;
  readonly meta: { readonly columns: readonly unknown[] };
}

const protocolVersion = 4;
const opcodeBatch = 0x0d;
const unlogged = 1;
const frameHeaderBytes = 9;

export async function prepareStatement(client: Client, cql: string, keyspace: string): Promise<Prepared> {
  const policy = DefaultExecutionOptions.create({}, client).getLoadBalancingPolicy();
  const { queryId, meta } = await PrepareHandler.getPrepared(client, policy, cql, keyspace);
  return { queryId, columns: meta.columns.length };
}

/** Resolves when the store has acknowledged the rows. `routingKey`: of one of them, or undefined for any node. */
export async function executeBatch(
  client: Client,
  prepared: Prepared,
  rows: readonly Row[],
  values: RowBuffer,
  routingKey: Buffer | undefined,
): Promise<void> {
  const options = DefaultExecutionOptions.create(routingKey === undefined ? {} : { routingKey }, client);
  await RequestHandler.send(new RowsRequest(prepared, rows, values, options.getConsistency()), options, client);
}

class RowsRequest implements DriverRequest {
  /** The driver sets another one when its retry policy says so. */
  consistency: number;
  /** Read by the driver for trackers and speculative executions only. */
  readonly queries: readonly never[] = [];
  length = 0;
  readonly #prepared: Prepared;
  readonly #rows: readonly Row[];
  readonly #values: RowBuffer;

  constructor(prepared: Prepared, rows: readonly Row[], values: RowBuffer, consistency: number) {
    this.#prepared = prepared;
    this.#rows = rows;
    this.#values = values;
    this.consistency = consistency;
  }

  write(encoder: { readonly protocolVersion: number }, streamId: number): Buffer {
    if (encoder.protocolVersion !== protocolVersion)
      throw new Error(`the server speaks native protocol ${encoder.protocolVersion}, ${protocolVersion} is needed`);
    const { queryId, columns } = this.#prepared;
    const rowOverhead = 1 + 2 + queryId.length + 2;
    const valueBytes = this.#rows.reduce((sum, row) => sum + row.end - row.start, 0);
    const bodyBytes = 3 + this.#rows.length * rowOverhead + valueBytes + 3;
    const frame = Buffer.allocUnsafe(frameHeaderBytes + bodyBytes);
    frame[0] = protocolVersion;
    frame[1] = 0;
    frame.writeInt16BE(streamId, 2);
    frame[4] = opcodeBatch;
    frame.writeInt32BE(bodyBytes, 5);
    frame[9] = unlogged;
    let at = frame.writeUInt16BE(this.#rows.length, 10);
    for (const { start, end } of this.#rows) {
      frame[at] = 1;
      at = frame.writeUInt16BE(queryId.length, at + 1);
      at += queryId.copy(frame, at);
      at = frame.writeUInt16BE(columns, at);
      this.#values.copy(start, end, frame, at);
      at += end - start;
    }
    at = frame.writeUInt16BE(this.consistency, at);
    frame[at] = 0;
    this.length = bodyBytes;
    return frame;
  }

  clone(): RowsRequest {
    return new RowsRequest(this.#prepared, this.#rows, this.#values, this.consistency);
  }
}
