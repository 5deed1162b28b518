/** A trace as text: one line per span, indented by depth, with its service, its time and a bar on a common scale. */
import type { Trace, TraceSpan } from './traceStore.ts';

export interface WaterfallOptions {
  /** Columns of the terminal. */
  readonly width: number;
  /** ANSI colours: one per service, red for a failed span. */
  readonly color: boolean;
}

const ansi = { reset: '\x1b[0m', bold: '\x1b[1m', dim: '\x1b[2m', red: '\x1b[31m' } as const;
const serviceColors = ['\x1b[36m', '\x1b[33m', '\x1b[35m', '\x1b[32m', '\x1b[34m', '\x1b[96m', '\x1b[93m', '\x1b[95m'];
const minBarWidth = 12;
const maxLabelWidth = 56;

export function renderWaterfall(trace: Trace, options: WaterfallOptions): string {
  const paint = (text: string, code: string) => (options.color ? `${code}${text}${ansi.reset}` : text);
  const colorOf = (service: string) => serviceColors[trace.services.indexOf(service) % serviceColors.length]!;
  const columns = layout(trace, options.width);

  const lines = [
    paint(title(trace), ansi.bold),
    paint(`trace ${trace.traceId}  ${trace.startedAt}  ${formatMs(trace.durationMs)} in all`, ansi.dim),
    '',
    paint(
      [
        'span'.padEnd(columns.label),
        'service'.padEnd(columns.service),
        'start'.padStart(columns.time),
        'took'.padStart(columns.time),
      ].join('  '),
      ansi.dim,
    ),
  ];
  for (const span of trace.spans) {
    const color = span.error === null ? colorOf(span.service) : ansi.red;
    lines.push(
      [
        clip('  '.repeat(span.depth) + span.name, columns.label),
        paint(clip(shortService(trace, span), columns.service), color),
        `+${formatMs(span.offsetMs)}`.padStart(columns.time),
        formatMs(span.durationMs).padStart(columns.time),
        paint(bar(trace, span, columns.bar), color),
      ]
        .join('  ')
        .trimEnd(),
    );
    if (span.error !== null) lines.push(paint(`${'  '.repeat(span.depth + 1)}failed: ${span.error}`, ansi.red));
  }
  return `${lines.join('\n')}\n`;
}

function title({ pipeline, eventId, spans, services }: Trace): string {
  const what = eventId === null ? (spans[0]?.name ?? 'trace') : `event ${eventId}`;
  const where = pipeline === null ? '' : ` in ${pipeline}`;
  return `${what}${where}: ${spans.length} spans, ${services.length} services`;
}

function layout(trace: Trace, width: number) {
  const widest = (texts: readonly string[], least: number) =>
    texts.reduce((w, text) => Math.max(w, text.length), least);
  const service = widest(
    trace.spans.map((span) => shortService(trace, span)),
    'service'.length,
  );
  const time = widest(
    trace.spans.flatMap((span) => [`+${formatMs(span.offsetMs)}`, formatMs(span.durationMs)]),
    'start'.length,
  );
  const wanted = widest(
    trace.spans.map((span) => '  '.repeat(span.depth) + span.name),
    'span'.length,
  );
  const fixed = service + 2 * time + 8;
  const label = Math.max(16, Math.min(wanted, maxLabelWidth, width - fixed - minBarWidth));
  return { label, service, time, bar: Math.max(minBarWidth, width - fixed - label) };
}

/** `ingress` for `flight-delays.ingress`: the pipeline stands in the title already. */
function shortService(trace: Trace, span: TraceSpan): string {
  const prefix = `${trace.pipeline}.`;
  return span.service.startsWith(prefix) ? span.service.slice(prefix.length) : span.service;
}

function bar(trace: Trace, span: TraceSpan, width: number): string {
  const scale = trace.durationMs > 0 ? width / trace.durationMs : 0;
  const start = Math.min(width - 1, Math.floor(span.offsetMs * scale));
  const length = Math.min(width - start, Math.round(span.durationMs * scale));
  return ' '.repeat(start) + (length < 1 ? '▏' : '█'.repeat(length));
}

function clip(text: string, width: number): string {
  return text.length <= width ? text.padEnd(width) : `${text.slice(0, width - 1)}…`;
}

/** Three significant digits at most: `0.42 ms`, `12.3 ms`, `840 ms`, `4.21 s`, `2 m 05 s`. */
export function formatMs(ms: number): string {
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, '0')} s`;
}
