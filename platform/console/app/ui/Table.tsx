/** A table whose columns can be sorted; a row may lead somewhere. */
import { type ReactNode, useMemo, useState } from 'react';
import { type Sorting, sortRows } from './sorting.ts';

export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  /** Numbers stand at the right. */
  readonly numeric?: boolean;
  /** With this the column can be sorted; null goes last, both ways. */
  readonly sortBy?: (row: Row) => string | number | null;
  /** Of the heading. */
  readonly hint?: string;
}

export interface TableProps<Row> {
  /** Says to a screen reader what the table holds. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly sorting?: Sorting;
  /** Of a row that is chosen. */
  readonly isCurrent?: (row: Row) => boolean;
}

export function Table<Row>({ label, columns, rows, rowKey, sorting: first, isCurrent }: TableProps<Row>) {
  const [sorting, setSorting] = useState<Sorting | undefined>(first);
  const sorted = useMemo(() => sortRows(rows, columns, sorting), [rows, columns, sorting]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section className="table-frame" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <Heading key={column.id} column={column} sorting={sorting} onSort={setSorting} />
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr key={rowKey(row)} className={isCurrent?.(row) ? 'current' : undefined}>
              {columns.map(({ id, cell, numeric }) => (
                <td key={id} className={numeric ? 'numeric' : undefined}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Heading<Row>(props: {
  readonly column: Column<Row>;
  readonly sorting: Sorting | undefined;
  readonly onSort: (sorting: Sorting) => void;
}) {
  const { column, sorting, onSort } = props;
  const { id, title, numeric, hint, sortBy } = column;
  const className = numeric ? 'numeric' : undefined;
  if (sortBy === undefined) {
    return (
      <th scope="col" className={className} title={hint}>
        {title === '' ? <span className="sr-only">Actions</span> : title}
      </th>
    );
  }
  const direction = sorting?.column === id ? sorting.direction : undefined;
  const turn =
    direction === undefined
      ? numeric
        ? 'descending'
        : 'ascending'
      : direction === 'ascending'
        ? 'descending'
        : 'ascending';
  return (
    <th scope="col" className={className} aria-sort={direction} title={hint}>
      <button type="button" className="sort" onClick={() => onSort({ column: id, direction: turn })}>
        {title}
        {direction !== undefined && <span aria-hidden="true">{direction === 'ascending' ? '↑' : '↓'}</span>}
      </button>
    </th>
  );
}
