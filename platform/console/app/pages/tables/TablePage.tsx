/** Rows of a table, found by its partition key. The key stands in the URL. */
import { type FormEvent, useMemo, useState } from 'react';
import type { Rows, TableInfo } from '../../../../api/contract/data.ts';
import type { InputOf } from '../../api/client.ts';
import { useQuery } from '../../api/useQuery.ts';
import { plural } from '../../format/numbers.ts';
import { plainLine } from '../../format/visibleText.ts';
import type { PageProps } from '../../pages.ts';
import { hrefOf } from '../../shell/routing.ts';
import { go } from '../../shell/usePlace.ts';
import { Answer } from '../../ui/Answer.tsx';
import { ForeignLine } from '../../ui/ForeignText.tsx';
import { TextField } from '../../ui/fields.tsx';
import { PageHead } from '../../ui/PageHead.tsx';
import { Empty } from '../../ui/states.tsx';
import { type Column, Table } from '../../ui/Table.tsx';
import { eventFilter, type KeyFilter, keyFault, keyFromUrl, keyQuery, partitionKey } from './rowFilter.ts';

export function TablePage({ params, query }: PageProps) {
  const [pipeline, name] = [params.pipeline ?? '', params.table ?? ''];
  const found = useQuery('tables', { params: { pipeline } });
  const table = found.data?.find((each) => each.name === name || each.table === name);
  if (table !== undefined) return <View key={JSON.stringify(query)} pipeline={pipeline} table={table} query={query} />;
  return (
    <>
      <PageHead title={name} up={{ href: hrefOf('/tables', { pipeline }), text: 'Tables' }} />
      <Answer of={found}>
        {() => (
          <Empty title={`${pipeline} has no table ${name}`}>
            <p>
              See its <a href={hrefOf('/tables', { pipeline })}>tables</a>.
            </p>
          </Empty>
        )}
      </Answer>
    </>
  );
}

interface ViewProps {
  readonly pipeline: string;
  readonly table: TableInfo;
  readonly query: PageProps['query'];
}

const mostRows = 100;

function View({ pipeline, table, query }: ViewProps) {
  const event = query.event;
  const filter = useMemo(
    () => (event === undefined ? keyFromUrl(query) : (eventFilter(table, event) ?? {})),
    [query, event, table],
  );
  const isFaulty = keyFault(table, filter) !== undefined;
  const input = { params: { pipeline, table: table.name }, query: { ...keyQuery(table, filter), limit: mostRows } };
  const found = useQuery('rows', isFaulty ? null : (input as InputOf<'rows'>));
  return (
    <>
      <PageHead title={table.name} up={{ href: hrefOf('/tables', { pipeline }), text: 'Tables' }}>
        <button type="button" onClick={found.reload}>
          Refresh
        </button>
      </PageHead>
      <div className="stack">
        {event !== undefined && eventFilter(table, event) === undefined && (
          <p className="muted">
            Rows of this table are not kept by event, so that those of event <ForeignLine text={event} /> can’t be told
            apart.
          </p>
        )}
        <KeyForm pipeline={pipeline} table={table} filter={filter} />
        {!isFaulty && <Answer of={found}>{(rows) => <RowTable table={table} rows={rows} />}</Answer>}
      </div>
    </>
  );
}

function KeyForm({
  pipeline,
  table,
  filter,
}: {
  readonly pipeline: string;
  readonly table: TableInfo;
  readonly filter: KeyFilter;
}) {
  const [draft, setDraft] = useState(filter);
  const [fault, setFault] = useState(keyFault(table, filter));
  const path = `/tables/${encodeURIComponent(pipeline)}/${encodeURIComponent(table.name)}`;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = keyFault(table, draft);
    setFault(found);
    if (found === undefined) go(path, keyQuery(table, draft));
  };
  return (
    <form className="filters" aria-label="Find rows by their partition key" onSubmit={submit} noValidate>
      {partitionKey(table).map((column) => (
        <TextField
          key={column}
          label={column}
          value={draft[column] ?? ''}
          placeholder="any"
          onChange={(value) => setDraft({ ...draft, [column]: value })}
        />
      ))}
      <button type="submit" className="primary">
        Find
      </button>
      <button type="button" className="quiet" onClick={() => go(path)}>
        All rows
      </button>
      {fault !== undefined && (
        <p className="fault" role="alert">
          {fault}
        </p>
      )}
    </form>
  );
}

interface Numbered {
  readonly row: Rows['rows'][number];
  readonly index: number;
}

function RowTable({ table, rows }: { readonly table: TableInfo; readonly rows: Rows }) {
  if (rows.rows.length === 0) return <Empty title="No row has this key" />;
  const keys = new Map(table.columns.map(({ name, key }) => [name, key]));
  const numbered = rows.rows.map((row, index) => ({ row, index }));
  return (
    <>
      <Table
        label={`Rows of ${table.name}`}
        rows={numbered}
        rowKey={({ index }) => `${index}`}
        columns={rows.columns.map(
          (column): Column<Numbered> => ({
            id: column,
            title: plainLine(keys.get(column) ? `${column} (${keys.get(column)} key)` : column),
            sortBy: ({ row }) => sortable(row[column]),
            cell: ({ row }) => <Value value={row[column]} />,
          }),
        )}
      />
      <p className="muted">
        {plural(rows.rows.length, 'row')}
        {rows.more && '; there are more. Find some by their key'}.
      </p>
    </>
  );
}

/** A time or an id is read at a glance when it stands in one line. */
const wholeCharacters = 32;

function Value({ value }: { readonly value: unknown }) {
  if (value === null || value === undefined) return <span className="muted">null</span>;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const line = <ForeignLine text={text} maxCharacters={300} />;
  return text.length <= wholeCharacters ? <span className="whole">{line}</span> : line;
}

function sortable(value: unknown): string | number | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'number' ? value : typeof value === 'string' ? value : JSON.stringify(value);
}
