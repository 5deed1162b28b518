import { type KeyboardEvent, useMemo, useState } from 'react';
import type { ApiTrace } from '../../../../api/contract/traces.ts';
import { formatDuration } from '../../format/times.ts';
import { ForeignLine } from '../../ui/ForeignText.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { axisTicks, extentOf, type WaterfallRow, waterfallRows } from './waterfall.ts';

interface WaterfallProps {
  readonly trace: ApiTrace;
  readonly critical: ReadonlySet<string>;
  readonly collapsed: ReadonlySet<string>;
  readonly chosen: string;
  readonly onCollapse: (collapsed: ReadonlySet<string>) => void;
  readonly onChoose: (spanId: string) => void;
}

/** Rows shown at first; a trace may have thousands. */
const firstRows = 300;
const indentPx = 14;
const mostIndents = 24;

/** Arrow keys go up and down, and open and close what is under a span. */
export function Waterfall(props: WaterfallProps) {
  const { trace, critical, collapsed, chosen, onCollapse, onChoose } = props;
  const [most, setMost] = useState(firstRows);
  const rows = useMemo(() => waterfallRows(trace, collapsed, critical), [trace, collapsed, critical]);
  const colours = useMemo(() => new Map(trace.services.map((service, index) => [service, (index % 6) + 1])), [trace]);
  const toggle = (spanId: string, close: boolean) => {
    const next = new Set(collapsed);
    if (close) next.add(spanId);
    else next.delete(spanId);
    onCollapse(next);
  };
  const onKeyDown = keysOf(rows, chosen, onChoose, toggle);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the buttons inside
    <div className="waterfall" onKeyDown={onKeyDown}>
      <table aria-label="Spans of the trace">
        <thead>
          <tr>
            <th scope="col">Span</th>
            <th scope="col" className="timeline-head">
              <Axis extentMs={extentOf(trace)} />
            </th>
            <th scope="col" className="numeric">
              Duration
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, most).map((row) => (
            <Row
              key={row.span.spanId}
              row={row}
              colour={colours.get(row.span.service) ?? 1}
              isChosen={row.span.spanId === chosen}
              onChoose={onChoose}
              onToggle={toggle}
            />
          ))}
        </tbody>
      </table>
      {rows.length > most && (
        <button type="button" onClick={() => setMost(most * 4)}>
          Show more of {rows.length} spans
        </button>
      )}
    </div>
  );
}

/** Up and down choose the row before and after; left and right fold and unfold. */
function keysOf(
  rows: readonly WaterfallRow[],
  chosen: string,
  onChoose: (spanId: string) => void,
  toggle: (spanId: string, close: boolean) => void,
) {
  return (event: KeyboardEvent<HTMLElement>) => {
    const at = rows.findIndex((row) => row.span.spanId === chosen);
    const row = rows[at];
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const next = step === 0 ? undefined : rows[at + step]?.span.spanId;
    if (next !== undefined) {
      onChoose(next);
      event.currentTarget.querySelector<HTMLElement>(`[data-span="${CSS.escape(next)}"]`)?.focus();
    } else if ((event.key === 'ArrowLeft' || event.key === 'ArrowRight') && row !== undefined && row.descendants > 0)
      toggle(row.span.spanId, event.key === 'ArrowLeft');
    else return;
    event.preventDefault();
  };
}

function Axis({ extentMs }: { readonly extentMs: number }) {
  return (
    <span className="axis">
      <span className="sr-only">Timeline</span>
      {axisTicks(extentMs).map((ms) => (
        <span
          key={ms}
          className={ms / extentMs > 0.88 ? 'axis-end' : undefined}
          aria-hidden="true"
          style={{ left: `${(ms / extentMs) * 100}%` }}
        >
          {formatDuration(ms)}
        </span>
      ))}
    </span>
  );
}

interface RowProps {
  readonly row: WaterfallRow;
  readonly colour: number;
  readonly isChosen: boolean;
  readonly onChoose: (spanId: string) => void;
  readonly onToggle: (spanId: string, close: boolean) => void;
}

function Row({ row, colour, isChosen, onChoose, onToggle }: RowProps) {
  const { span, descendants, collapsed, isCritical } = row;
  return (
    <tr className={isChosen ? 'current' : undefined}>
      <td className="span-name" style={{ paddingLeft: 8 + Math.min(row.depth, mostIndents) * indentPx }}>
        {descendants > 0 ? (
          <button
            type="button"
            className={collapsed ? 'quiet twisty' : 'quiet twisty open'}
            aria-expanded={!collapsed}
            aria-label={collapsed ? `Show ${descendants} spans under it` : `Hide ${descendants} spans under it`}
            tabIndex={-1}
            onClick={() => onToggle(span.spanId, !collapsed)}
          >
            <Icon name="right" />
          </button>
        ) : (
          <span className="twisty" />
        )}
        <button
          type="button"
          className="quiet span-button"
          data-span={span.spanId}
          aria-pressed={isChosen}
          tabIndex={isChosen ? 0 : -1}
          onClick={() => onChoose(span.spanId)}
        >
          <span className={`service-dot series-${colour}`} aria-hidden="true" />
          <span className="span-text">
            <ForeignLine text={span.name} maxCharacters={120} />
          </span>
          {span.error !== null && <span className="span-error">failed</span>}
          {isCritical && <span className="sr-only">, on the critical path</span>}
          <span className="sub">
            <ForeignLine text={span.service} maxCharacters={60} />
          </span>
        </button>
      </td>
      <td className="timeline">
        <span
          className={`bar series-${colour}${isCritical ? ' critical' : ''}${span.error === null ? '' : ' failed'}`}
          style={{ left: `${row.leftPercent}%`, width: `${row.widthPercent}%` }}
        />
      </td>
      <td className="numeric">{formatDuration(span.durationMs)}</td>
    </tr>
  );
}
