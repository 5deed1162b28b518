/**
 * The dashboards, once, for vmui and for Grafana. After a change: `./millrace exec infra/dashboards.ts --write`.
 *
 * Quantiles are of VictoriaMetrics: OTLP's exponential histograms are there as buckets with a label `vmrange`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type MetricKey, metrics, prometheusName } from '../platform/telemetry/export/metrics.ts';

interface Panel {
  readonly title: string;
  readonly description: string;
  /** Grafana's name of it. */
  readonly unit: 'ms' | 's' | 'short' | 'percentunit' | 'eps';
  readonly queries: readonly { readonly expr: string; readonly legend: string }[];
}
interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const name = (key: MetricKey) => prometheusName(metrics[key]);
const quantile = (of: number, key: MetricKey, by: string) =>
  `histogram_quantile(${of}, sum(rate(${name(key)}_bucket[5m])) by (${by}, vmrange))`;
const stage = 'millrace_pipeline, millrace_stage';
const stageLegend = '{{millrace_pipeline}} {{millrace_stage}}';
const one = (expr: string, legend = stageLegend) => [{ expr, legend }];

export const rows: readonly Row[] = [
  {
    title: 'Is data processed, how fast, how late',
    panels: [
      {
        ...{ title: 'State', unit: 'short', description: 'The state of each pipeline, by its data.' },
        queries: one(`${name('state')} == 1`, '{{millrace_pipeline}} {{millrace_pipeline_state}}'),
      },
      {
        ...{ title: 'Events a second', unit: 'eps', description: 'Events that passed each stage.' },
        queries: one(`sum(rate(${name('events')}[1m])) by (${stage})`),
      },
      {
        ...{
          title: 'End to end, p50 and p99',
          unit: 'ms',
          description: 'From the ingress until each stage, of every event.',
        },
        queries: [
          { expr: quantile(0.5, 'endToEnd', stage), legend: `p50 ${stageLegend}` },
          { expr: quantile(0.99, 'endToEnd', stage), legend: `p99 ${stageLegend}` },
        ],
      },
      {
        ...{ title: 'From the stage before, p99', unit: 'ms', description: 'Which hop takes the time.' },
        queries: one(quantile(0.99, 'edge', stage)),
      },
      {
        ...{ title: 'Lag', unit: 's', description: 'Age of the oldest record that a stage has not done.' },
        queries: one(`max(${name('lagTime')}) by (${stage})`),
      },
      {
        ...{
          title: 'Time to drain',
          unit: 's',
          description: 'At the present rates; missing while the lag does not shrink.',
        },
        queries: one(`max(${name('drainTime')}) by (${stage})`),
      },
    ],
  },
  {
    title: 'Is anything lost',
    panels: [
      {
        ...{
          title: 'Windows of the ledger',
          unit: 'short',
          description: 'All but balanced ones and those in flight need a look.',
        },
        queries: one(
          `sum(${name('windows')}) by (millrace_pipeline, millrace_ledger_window_state)`,
          '{{millrace_pipeline}} {{millrace_ledger_window_state}}',
        ),
      },
      {
        ...{ title: 'Lost and doubled', unit: 'short', description: 'Events, in the windows that are kept.' },
        queries: [
          { expr: name('lost'), legend: '{{millrace_pipeline}} lost' },
          { expr: name('duplicated'), legend: '{{millrace_pipeline}} doubled' },
        ],
      },
      {
        ...{
          title: 'What became of events',
          unit: 'eps',
          description: 'Acknowledged, filtered, dead-lettered, replayed …',
        },
        queries: one(
          `sum(rate(${name('tallied')}[1m])) by (${stage}, millrace_ledger_kind)`,
          `${stageLegend} {{millrace_ledger_kind}}`,
        ),
      },
      {
        ...{ title: 'Clocks in the wrong order', unit: 'eps', description: 'Events with a negative latency.' },
        queries: one(`sum(rate(${name('negative')}[5m])) by (${stage})`),
      },
    ],
  },
  {
    title: 'Objectives and telemetry itself',
    panels: [
      {
        ...{
          title: 'Burn rate',
          unit: 'short',
          description: 'How many times faster than allowed the error budget is used.',
        },
        queries: one(name('burnRate'), '{{millrace_pipeline}} {{millrace_objective}} {{millrace_objective_window}}'),
      },
      {
        ...{ title: 'Objective reached', unit: 'percentunit', description: 'Share of good events or windows.' },
        queries: one(name('reached'), '{{millrace_pipeline}} {{millrace_objective}}'),
      },
      {
        ...{
          title: 'Telemetry dropped',
          unit: 'eps',
          description: 'Spans and data points that were given up for the data.',
        },
        queries: one(
          `sum(rate(${name('dropped')}[5m])) by (millrace_task, millrace_telemetry_signal)`,
          '{{millrace_task}} {{millrace_telemetry_signal}}',
        ),
      },
      {
        ...{ title: 'Spans, p99', unit: 'ms', description: 'Of sampled events, made by the collector out of spans.' },
        queries: one(
          'histogram_quantile(0.99, sum(rate(traces_span_metrics_duration_milliseconds_bucket[5m])) by (span_name, vmrange))',
          '{{span_name}}',
        ),
      },
    ],
  },
];

/** https://docs.victoriametrics.com/#vmui: a dashboard of `-vmui.customDashboardsPath`. */
export function renderVmui(): string {
  const panel = ({ title, description, unit, queries }: Panel) => ({
    ...{ title, description, unit: unit === 'eps' ? '/s' : unit === 'short' ? '' : unit, width: 6, showLegend: true },
    expr: queries.map(({ expr }) => expr),
    alias: queries.map(({ legend }) => legend),
  });
  const board = {
    title: 'Millrace',
    filename: 'millrace.json',
    rows: rows.map((row) => ({ ...row, panels: row.panels.map(panel) })),
  };
  return `${JSON.stringify(board, null, 2)}\n`;
}

const datasource = { type: 'prometheus', uid: 'millrace-metrics' };

/** Panels 12 wide, two in a line. */
export function renderGrafana(): string {
  let id = 0;
  let y = 0;
  const panels = rows.flatMap((row) => {
    const head = {
      id: ++id,
      type: 'row',
      title: row.title,
      collapsed: false,
      panels: [],
      gridPos: { h: 1, w: 24, x: 0, y },
    };
    y += 1;
    const own = row.panels.map((panel, at) =>
      grafanaPanel(panel, ++id, { h: 8, w: 12, x: (at % 2) * 12, y: y + Math.floor(at / 2) * 8 }),
    );
    y += Math.ceil(own.length / 2) * 8;
    return [head, ...own];
  });
  const board = {
    ...{ uid: 'millrace', title: 'Millrace', tags: ['millrace'], timezone: 'browser', schemaVersion: 39, version: 1 },
    ...{ editable: true, refresh: '30s', time: { from: 'now-1h', to: 'now' }, templating: { list: [] }, panels },
  };
  return `${JSON.stringify(board, null, 2)}\n`;
}

function grafanaPanel({ title, description, unit, queries }: Panel, id: number, gridPos: object): object {
  const targets = queries.map(({ expr, legend }, at) => ({
    ...{ refId: String.fromCharCode(65 + at), datasource, expr, legendFormat: legend, range: true, exemplar: true },
  }));
  return {
    ...{ id, type: 'timeseries', title, description, datasource, gridPos, targets },
    fieldConfig: {
      defaults: { unit, custom: { drawStyle: 'line', fillOpacity: 8, showPoints: 'never' } },
      overrides: [],
    },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
  };
}

export const dashboardFiles = {
  [fileURLToPath(new URL('victoriametrics/dashboards/millrace.json', import.meta.url))]: renderVmui,
  [fileURLToPath(new URL('grafana/dashboards/millrace.json', import.meta.url))]: renderGrafana,
};

/** Files that are not as they should be. */
export function staleDashboards(): readonly string[] {
  return Object.entries(dashboardFiles).flatMap(([file, render]) =>
    readFileSync(file, 'utf8') === render() ? [] : [file],
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv.includes('--write')) {
  for (const [file, render] of Object.entries(dashboardFiles)) writeFileSync(file, render());
}
