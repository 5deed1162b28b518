/**
 * Rows put together into requests. Rows of one partition go as one unlogged batch, which is one mutation to Cassandra: the
 * cheapest there is. Rows that are alone in their partition are put together by the node that keeps them, as many as
 * Cassandra takes without a warning.
 */
import type { Row } from './upsert.ts';

export interface GroupBounds {
  /** Rows of one partition in one request. */
  readonly rows: number;
  /** Rows of several partitions in one request; Cassandra warns above 10 (unlogged_batch_across_partitions_warn_threshold). */
  readonly partitions: number;
  /** Bytes of values in one request; Cassandra refuses batches above 50 KiB (batch_size_fail_threshold). */
  readonly bytes: number;
}

export const groupBounds: GroupBounds = { rows: 100, partitions: 10, bytes: 16 * 1024 };

/** `nodeOf`: a name of the node that keeps a partition; only rows of the same name are put together. */
export function groupRows(rows: readonly Row[], nodeOf: (row: Row) => string, bounds: GroupBounds): Row[][] {
  const byPartition = new Map<string, Row[]>();
  for (const row of rows) {
    const group = byPartition.get(row.partition);
    if (group === undefined) byPartition.set(row.partition, [row]);
    else group.push(row);
  }
  const groups: Row[][] = [];
  const alone = new Map<string, Row[]>();
  for (const group of byPartition.values()) {
    if (group.length > 1) {
      split(group, bounds.rows, bounds.bytes, groups);
      continue;
    }
    const node = nodeOf(group[0]!);
    const neighbours = alone.get(node);
    if (neighbours === undefined) alone.set(node, group);
    else neighbours.push(group[0]!);
  }
  for (const neighbours of alone.values()) split(neighbours, bounds.partitions, bounds.bytes, groups);
  return groups;
}

function split(rows: readonly Row[], maxRows: number, maxBytes: number, into: Row[][]): void {
  let group: Row[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (group.length > 0 && (group.length >= maxRows || bytes + row.end - row.start > maxBytes)) {
      into.push(group);
      group = [];
      bytes = 0;
    }
    group.push(row);
    bytes += row.end - row.start;
  }
  if (group.length > 0) into.push(group);
}
