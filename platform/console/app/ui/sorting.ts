/** The order of a table's rows. Pure. */
export interface Sorting {
  readonly column: string;
  readonly direction: 'ascending' | 'descending';
}

interface SortColumn<Row> {
  readonly id: string;
  readonly sortBy?: ((row: Row) => string | number | null) | undefined;
}

/** Stable; null goes last, whichever way. */
export function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly SortColumn<Row>[],
  sorting: Sorting | undefined,
): readonly Row[] {
  const by = columns.find(({ id }) => id === sorting?.column)?.sortBy;
  if (sorting === undefined || by === undefined) return rows;
  const sign = sorting.direction === 'ascending' ? 1 : -1;
  return rows
    .map((row) => ({ row, value: by(row) }))
    .sort(({ value: one }, { value: other }) => {
      if (one === null || other === null) return Number(one === null) - Number(other === null);
      return sign * compare(one, other);
    })
    .map(({ row }) => row);
}

function compare(one: string | number, other: string | number): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  return String(one).localeCompare(String(other), 'en', { numeric: true });
}
