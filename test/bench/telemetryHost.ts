/**
 * The process of `bench:telemetry`: one flow, made as the sinks task makes it, with its telemetry as asked for. `off`: no pathways,
 * no ledger, no spans. `on`: as in a pipeline. `broken`: the directories of spans and journals can't be made, and the collector
 * takes connections and never answers. `offline`: on, and each event's latency is kept besides, for exact quantiles.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { NodeTaskConfig } from '../../platform/connectors/config.ts';
import { startHealthServer } from '../../platform/connectors/health.ts';
import { createFlowMaker } from '../../platform/connectors/pipelineFlow.ts';
import { attribute } from '../../platform/telemetry/attributes.ts';
import { createSpanRecorder, type SpanRecorder } from '../../platform/telemetry/recorder.ts';

export interface TelemetryBench {
  readonly mode: 'off' | 'on' | 'broken' | 'offline';
  /** Of the collector that hangs. */
  readonly endpoint: string;
  /** Offline: origins of the events, by the number in their id. */
  readonly originsMs: readonly number[];
}

export interface OfflineFigures {
  readonly count: number;
  /** By quantile: nearest rank over all events. */
  readonly quantiles: Readonly<Record<string, number>>;
}

const { values } = parseArgs({ options: { config: { type: 'string' } } });
const config = JSON.parse(readFileSync(values.config!, 'utf8')) as NodeTaskConfig & { readonly bench: TelemetryBench };
const { mode, endpoint, originsMs } = config.bench;
if (mode === 'off') process.env.OTEL_SDK_DISABLED = 'true';
if (mode === 'broken') {
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = endpoint;
  // Its batches go as soon as there are some, so that there is always one that hangs.
  process.env.OTEL_BSP_SCHEDULE_DELAY = '100';
}
const [name] = Object.keys(config.spec.flows);
const nowhere = `${values.config}/nowhere`;
const own: NodeTaskConfig = mode === 'broken' ? { ...config, dataDir: nowhere, spansDir: nowhere } : config;

const latenciesMs: number[] = [];
/** Keeps when each event was stored: the spans of a batch tell it. */
const keeping: SpanRecorder = {
  enabled: true,
  counters: { recorded: 0, written: 0, dropped: 0, undelivered: 0 },
  record({ name: span, endMs, attributes }) {
    if (!span.startsWith('sink ')) return;
    latenciesMs.push(endMs - originsMs[Number(String(attributes[attribute.eventId]).slice('reading-'.length))]!);
  },
  flush: async () => {},
  shutdown: async () => {},
};

export function offline(): OfflineFigures {
  const sorted = latenciesMs.toSorted((one, other) => one - other);
  const at = (quantile: number) => sorted[Math.max(1, Math.ceil(quantile * sorted.length)) - 1]!;
  return { count: sorted.length, quantiles: Object.fromEntries([0.5, 0.9, 0.99, 0.999].map((q) => [`${q}`, at(q)])) };
}

const log = (line: string) => process.stdout.write(`${line}\n`);
const recorder =
  mode === 'offline'
    ? keeping
    : createSpanRecorder({ service: 'bench', instance: config.task, spansDir: own.spansDir, env: process.env });
const flow = createFlowMaker(own, { log, recorder, meters: mode !== 'off' })(name!);
const health = await startHealthServer(config, {
  state: () => ({ ready: true, waitingFor: '' }),
  metrics: () => ({
    flows: { [name!]: { ...flow.counters(), state: flow.state() } },
    spans: recorder.counters,
    ...(mode === 'offline' && latenciesMs.length > 0 ? { offline: offline() } : {}),
  }),
  stages: (sinceMs) => [flow.stage(sinceMs) ?? []].flat(),
});
flow.start();
process.on('SIGTERM', () => {
  void flow
    .stop()
    .then(() => recorder.shutdown())
    .then(() => health.close())
    .then(() => process.exit(0));
});
