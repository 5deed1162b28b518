/** Latency against time. The picture is drawn on a canvas; the same cells stand in a table below it. */
import { useState } from 'react';
import type { Heatmap } from '../../../../api/contract/traces.ts';
import { useQuery } from '../../api/useQuery.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { go } from '../../shell/usePlace.ts';
import { Empty, FailureView, Loading } from '../../ui/states.tsx';
import { Table } from '../../ui/Table.tsx';
import { HeatmapCanvas } from './HeatmapCanvas.tsx';
import { filledCells, type HeatCell, heatClasses, latencyRange, timeRange } from './heatmapLayout.ts';
import type { apiQueryOf, TraceSearch } from './search.ts';

export type Narrowing = Pick<TraceSearch, 'from' | 'to' | 'min' | 'max'>;

export function HeatmapCard(props: {
  readonly asked: ReturnType<typeof apiQueryOf>;
  readonly onNarrow: (part: Narrowing) => void;
}) {
  const { asked, onNarrow } = props;
  const found = useQuery('heatmap', { query: { ...asked, columns: 60 } });
  return (
    <section className="card" aria-labelledby="heatmap-title">
      <header>
        <h2 id="heatmap-title">Latency against time</h2>
        <Legend />
      </header>
      <div className="card-body">
        {found.failure !== undefined ? (
          <FailureView failure={found.failure} onRetry={found.reload} />
        ) : found.data === undefined ? (
          <Loading />
        ) : (
          <Picture heatmap={found.data} onNarrow={onNarrow} />
        )}
      </div>
    </section>
  );
}

function Picture({ heatmap, onNarrow }: { readonly heatmap: Heatmap; readonly onNarrow: (part: Narrowing) => void }) {
  const [asTable, setAsTable] = useState(false);
  const cells = filledCells(heatmap);
  if (cells.length === 0) return <Empty title="No trace in this time" />;
  const open = (cell: HeatCell) =>
    cell.traceId === null ? onNarrow(narrowTo(cell)) : go(`/traces/${segment(cell.traceId)}`);
  return (
    <>
      <HeatmapCanvas heatmap={heatmap} onOpen={open} onNarrow={(cell) => onNarrow(narrowTo(cell))} />
      <details className="as-table" onToggle={(event) => setAsTable(event.currentTarget.open)}>
        <summary>The same as a table</summary>
        {asTable && <CellTable cells={cells} onNarrow={onNarrow} />}
      </details>
    </>
  );
}

/** Most cells that the table shows: 60 columns hold a few hundred. */
const mostRows = 300;

function CellTable({
  cells,
  onNarrow,
}: {
  readonly cells: readonly HeatCell[];
  readonly onNarrow: (part: Narrowing) => void;
}) {
  return (
    <Table
      label="Latency against time, cell by cell"
      rows={cells.slice(0, mostRows)}
      rowKey={({ column, row }) => `${column} ${row}`}
      columns={[
        { id: 'time', title: 'Time', sortBy: ({ fromMs }) => fromMs, cell: (cell) => timeRange(cell) },
        { id: 'latency', title: 'Latency', sortBy: ({ leastMs }) => leastMs, cell: (cell) => latencyRange(cell) },
        { id: 'count', title: 'Traces', numeric: true, sortBy: ({ count }) => count, cell: ({ count }) => count },
        {
          id: 'open',
          title: 'Open',
          cell: (cell) => (
            <span className="row-actions">
              {cell.traceId !== null && <a href={hrefOf(`/traces/${segment(cell.traceId)}`)}>an example</a>}
              <button type="button" className="quiet" onClick={() => onNarrow(narrowTo(cell))}>
                all of them
              </button>
            </span>
          ),
        },
      ]}
    />
  );
}

function narrowTo(cell: HeatCell): Narrowing {
  const ms = (value: number) => `${Number(value.toPrecision(6))}ms`;
  return {
    from: `${Math.floor(cell.fromMs)}`,
    to: `${Math.ceil(cell.toMs)}`,
    min: cell.leastMs > 0 ? ms(cell.leastMs) : '',
    max: cell.mostMs === null ? '' : ms(cell.mostMs),
  };
}

function Legend() {
  return (
    <span className="heat-legend muted">
      few
      {heatClasses.map((each) => (
        <span key={each} className={`heat-swatch ${each}`} aria-hidden="true" />
      ))}
      many traces
    </span>
  );
}
