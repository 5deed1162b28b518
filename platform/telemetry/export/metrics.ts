/**
 * The metrics that are exported. Names and units follow OpenTelemetry's conventions
 * (https://opentelemetry.io/docs/specs/semconv/general/metrics/) but for one: durations are in milliseconds, not seconds,
 * because only then are the buckets of the pathways' histograms those of OTLP, bound for bound (1000 is no power of 2^(1/8)).
 *
 * After a change: `./millrace exec platform/telemetry/export/document.ts --write`.
 */
import { attribute } from '../attributes.ts';

/** `gauge`: as it is now. `sum`: only grows while its process lives. `histogram`: exponential, scale 3. */
export type MetricType = 'histogram' | 'sum' | 'gauge';

export interface Metric {
  readonly name: string;
  readonly type: MetricType;
  readonly unit: string;
  readonly description: string;
  readonly attributes: readonly string[];
}

export const metricAttribute = {
  pipeline: attribute.pipeline,
  topic: attribute.messagingDestination,
  task: 'millrace.task',
  stage: 'millrace.stage',
  checkpoint: 'millrace.checkpoint',
  pathway: 'millrace.pathway',
  /** `edge`, `end-to-end`. */
  latency: 'millrace.latency',
  /** `in`, `out`, `filtered` …: TallyKind. */
  kind: 'millrace.ledger.kind',
  windowState: 'millrace.ledger.window.state',
  state: 'millrace.pipeline.state',
  objective: 'millrace.objective',
  window: 'millrace.objective.window',
  signal: 'millrace.telemetry.signal',
} as const;

const of = metricAttribute;
const checkpoint = [of.pipeline, of.task, of.stage, of.checkpoint];
const pathway = [...checkpoint, of.pathway];
const hop = [of.pipeline, of.stage, of.topic];

export const metrics = {
  edge: {
    ...{ name: 'millrace.pathway.edge.duration', type: 'histogram', unit: 'ms', attributes: pathway },
    description: 'From leaving the checkpoint before until this one; of every event, with exemplars of sampled ones.',
  },
  endToEnd: {
    ...{ name: 'millrace.pathway.end_to_end.duration', type: 'histogram', unit: 'ms', attributes: pathway },
    description: 'From entering the pipeline until this checkpoint; of every event, with exemplars of sampled ones.',
  },
  events: {
    ...{ name: 'millrace.pathway.events', type: 'sum', unit: '{event}', attributes: pathway },
    description: 'Events that passed this checkpoint on this pathway.',
  },
  negative: {
    ...{ name: 'millrace.pathway.negative_latencies', type: 'sum', unit: '{event}' },
    attributes: [...pathway, of.latency],
    description: 'Events whose clock readings were in the wrong order: counted, and in no histogram.',
  },
  unmarked: {
    ...{ name: 'millrace.pathway.unmarked_events', type: 'sum', unit: '{event}', attributes: checkpoint },
    description: 'Events without a pathway header.',
  },
  overflowed: {
    ...{ name: 'millrace.pathway.overflowed', type: 'gauge', unit: '{checkpoint}', attributes: checkpoint },
    description: '1 when there are more pathways than places: the rest is counted together as ffffffffffffffff.',
  },
  newestOrigin: {
    ...{ name: 'millrace.pathway.newest_origin.time', type: 'gauge', unit: 's', attributes: pathway },
    description: 'When the newest event that passed had entered the pipeline, in seconds since 1970.',
  },
  tallied: {
    ...{ name: 'millrace.ledger.events', type: 'sum', unit: '{event}' },
    attributes: [of.pipeline, of.task, of.stage, of.kind],
    description: 'Events on the pages of the conservation ledger, by what became of them, since the export began.',
  },
  windows: {
    ...{ name: 'millrace.ledger.windows', type: 'gauge', unit: '{window}', attributes: [of.pipeline, of.windowState] },
    description:
      'Windows of origin time that the ledger still keeps: balanced, in-flight, unbalanced, acknowledged, unknown.',
  },
  lost: {
    ...{ name: 'millrace.ledger.lost', type: 'gauge', unit: '{event}', attributes: [of.pipeline] },
    description: 'Events that are missing in the windows that are kept.',
  },
  duplicated: {
    ...{ name: 'millrace.ledger.duplicated', type: 'gauge', unit: '{event}', attributes: [of.pipeline] },
    description: 'Events that are too many in the windows that are kept.',
  },
  forgotten: {
    ...{ name: 'millrace.ledger.forgotten_windows', type: 'sum', unit: '{window}' },
    attributes: [of.pipeline, of.task, of.stage],
    description: 'Windows that a stage has given up to keep its memory bounded.',
  },
  lagRecords: {
    ...{ name: 'millrace.lag.records', type: 'gauge', unit: '{record}', attributes: hop },
    description: 'Records of the topic that the stage has not done.',
  },
  lagTime: {
    ...{ name: 'millrace.lag.time', type: 'gauge', unit: 's', attributes: hop },
    description: 'Age of the oldest record that is not done, by its timestamp.',
  },
  drainTime: {
    ...{ name: 'millrace.lag.drain_time', type: 'gauge', unit: 's', attributes: hop },
    description: 'Until the lag is gone at the present rates; absent while it does not shrink.',
  },
  state: {
    ...{ name: 'millrace.pipeline.state', type: 'gauge', unit: '{pipeline}', attributes: [of.pipeline, of.state] },
    description: '1 for the state that the pipeline is in, 0 for the others.',
  },
  reached: {
    ...{ name: 'millrace.objective.reached', type: 'gauge', unit: '1', attributes: [of.pipeline, of.objective] },
    description: 'Share of good events or windows that was reached, 0–1.',
  },
  target: {
    ...{ name: 'millrace.objective.target', type: 'gauge', unit: '1', attributes: [of.pipeline, of.objective] },
    description: 'Share of good events or windows that is asked for, 0–1.',
  },
  burnRate: {
    ...{ name: 'millrace.objective.burn_rate', type: 'gauge', unit: '{budget}' },
    attributes: [of.pipeline, of.objective, of.window],
    description:
      'How many times faster than allowed the error budget is used. Windows are named as for an objective over 30 days; they scale with the objective’s own time.',
  },
  dropped: {
    ...{ name: 'millrace.telemetry.dropped', type: 'sum', unit: '{item}' },
    attributes: [of.pipeline, of.task, of.signal],
    description:
      'Spans that a task could not write or deliver, data points that this export could not, requests of others that could not be handed on.',
  },
} as const satisfies Record<string, Metric>;

export type MetricKey = keyof typeof metrics;

const unitSuffix: Readonly<Record<string, string>> = { ms: '_milliseconds', s: '_seconds', '1': '_ratio' };

/** As it is called by Prometheus and VictoriaMetrics (https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/). */
export function prometheusName({ name, unit, type }: Metric): string {
  return `${name.replaceAll('.', '_')}${unitSuffix[unit] ?? ''}${type === 'sum' ? '_total' : ''}`;
}
