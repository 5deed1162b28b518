/**
 * What we export, looked at in the real back ends of infra/: a real pipeline sends to a real OpenTelemetry Collector; traces are
 * read back from Zipkin, metrics from VictoriaMetrics and Prometheus. Skipped, and loudly, where those can't be had.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { rows } from '../../../infra/dashboards.ts';
import { formatTraceparent, newSpanId, newTraceId } from '../../../platform/telemetry/context.ts';
import { createMetricExport, type MetricExport } from '../../../platform/telemetry/export/metricExport.ts';
import { addHistograms, type HistogramSnapshot, quantileOf } from '../../../platform/telemetry/pathway/histogram.ts';
import { findChromium } from '../../browser/chromium.ts';
import { type BackEnds, makeBackEnds } from '../../fixtures/backEnds.ts';
import { obtainTools } from '../../tools/obtain.ts';
import { zipkinTrace } from './screens.ts';
import { openShop, pipeline, type Shop } from './shop.ts';

jest.setTimeout(240_000);

const firstPort = 19_200;
const tools = await obtainTools('collector', 'victoria-metrics', 'zipkin', 'prometheus', 'vmalert');
if (tools instanceof Error) console.error(`SKIPPED: the back ends can't be had here.\n${tools.message}`);

const inBrowser = findChromium() === undefined ? test.skip : test;
if (inBrowser !== test)
  console.error("SKIPPED: there is no chromium, in which the back ends' own pages are looked at.");

const count = 2000;
const caller = { traceId: newTraceId(), spanId: newSpanId(), sampled: true };
const inPrometheus = 'millrace_pathway_end_to_end_duration_milliseconds';

interface ZipkinSpan {
  readonly id: string;
  readonly parentId?: string;
  readonly name: string;
  readonly localEndpoint: { readonly serviceName: string };
}
interface Result {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

async function json<T>(url: string): Promise<T> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** An instant query by Prometheus's HTTP API, which VictoriaMetrics has as well. */
async function query(base: string, expression: string): Promise<readonly Result[]> {
  const url = `${base}/api/v1/query?query=${encodeURIComponent(expression)}`;
  return (await json<{ data: { result: readonly Result[] } }>(url)).data.result;
}

/** Gives up before the test does, to say what there was instead. */
async function until<T>(look: () => Promise<T> | T, isThere: (found: T) => boolean): Promise<T> {
  for (let left = 300; ; left--) {
    const found = await look();
    if (isThere(found)) return found;
    if (left === 0) throw new Error(`still only ${JSON.stringify(found)?.slice(0, 2000)}`);
    await sleep(200);
  }
}

/** Of those that were evaluated at least once: name and health. By Prometheus's HTTP API, which vmalert has as well. */
async function rulesOf(base: string): Promise<Readonly<Record<string, string>>> {
  interface Rules {
    readonly data: { readonly groups: { rules: { name: string; health: string; lastEvaluation: string }[] }[] };
  }
  const { data } = await until(
    () => json<Rules>(`${base}/api/v1/rules`),
    (found) =>
      found.data.groups.every(({ rules }) =>
        rules.every(({ health, lastEvaluation }) => health !== 'unknown' && Date.parse(lastEvaluation) > 0),
      ),
  );
  return Object.fromEntries(data.groups.flatMap(({ rules }) => rules.map(({ name, health }) => [name, health])));
}

/** Those that stand in infra/, each of which is to be evaluated without an error. */
const ruleFile = readFileSync(new URL('../../../infra/prometheus/rules.yml', import.meta.url), 'utf8');
const ourRules = Object.fromEntries([...ruleFile.matchAll(/- alert: (\w+)/g)].map(([, name]) => [name, 'ok']));

const firing = (base: string, name: string) =>
  until(
    () => json<{ data: { alerts: { state: string; labels: Record<string, string> }[] } }>(`${base}/api/v1/alerts`),
    ({ data }) => data.alerts.some(({ state, labels }) => state === 'firing' && labels.alertname === name),
  );

const numberOf = (results: readonly Result[]) => Number(results[0]?.value[1]);

/** Lower bound, to four digits as in VictoriaMetrics' labels, and count of each bucket that is not empty. */
function bucketsOf({ zeroCount, offset, buckets }: HistogramSnapshot): [number, number][] {
  const found = buckets.map((each, at): [number, number] => [
    Number((2 ** ((offset + at) / 8)).toExponential(3)),
    each,
  ]);
  return [[0, zeroCount] as [number, number], ...found].filter(([, each]) => each > 0);
}

/**
 * Ours is the middle of a bucket whose bounds are 9.05 % apart, or the greatest value where that is less; theirs is anywhere in
 * that bucket, by their way to interpolate. Within 0.1 % for labels of four digits.
 */
function expectSameBucket(theirs: number, ours: number): void {
  expect(Math.abs(Math.log2(theirs / ours))).toBeLessThan(1 / 8 + 0.0015);
}

(tools instanceof Error ? describe.skip : describe)('the back ends', () => {
  let ends: BackEnds;
  let shop: Shop;
  let metrics: MetricExport;
  /** The sink's own histogram of the time from end to end. */
  let own: HistogramSnapshot;

  beforeAll(async () => {
    ends = makeBackEnds(tools as Exclude<typeof tools, Error>, firstPort);
    await Promise.all([
      ends.collector.start(),
      ends.victoriaMetrics.start(),
      ends.zipkin.start(),
      ends.prometheus.start(),
    ]);
    // Asks VictoriaMetrics when it starts.
    await ends.vmalert.start();
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = ends.urls.otlp;
    process.env.OTEL_BSP_SCHEDULE_DELAY = '200';
    // A collector that is gone is given up soon.
    process.env.OTEL_EXPORTER_OTLP_TIMEOUT = '2000';
    shop = await openShop(firstPort + 20);
    const read = async () => [await shop.sight()];
    metrics = createMetricExport({ read, service: 'millrace.api', instance: 'millrace.api.0', env: process.env });
    await metrics.flush();
    await shop.pass(count, formatTraceparent(caller));
    await metrics.flush();
    const [sink] = (await shop.sight()).tasks[1]!.stages;
    own = sink!.checkpoint.pathways.map(({ endToEnd }) => endToEnd).reduce(addHistograms);
  }, 240_000);

  afterAll(async () => {
    for (const name of ['ENDPOINT', 'TIMEOUT']) delete process.env[`OTEL_EXPORTER_OTLP_${name}`];
    delete process.env.OTEL_BSP_SCHEDULE_DELAY;
    await metrics?.shutdown();
    await shop?.close();
    await ends?.remove();
  }, 60_000);

  test('Zipkin has an event as one trace, from the ingress through Kafka to the store', async () => {
    const url = `${ends.urls.zipkin}/api/v2/trace/${caller.traceId}`;
    const names = ['post /events', 'kafka send shop.visits', 'kafka receive shop.visits', 'sink board'];
    const idsOf = (found: readonly ZipkinSpan[]) => new Set([caller.spanId, ...found.map(({ id }) => id)]);
    // Spans of one event come in parts, by task and by batch: a child may be there before its parent.
    const spans = await until(
      () => json<readonly ZipkinSpan[]>(url).catch((): readonly ZipkinSpan[] => []),
      (found) =>
        names.every((name) => found.some((span) => span.name.toLowerCase() === name)) &&
        found.length > names.length &&
        found.every(({ parentId }) => idsOf(found).has(parentId!)),
    );
    expect(spans.find(({ name }) => name.toLowerCase() === 'post /events')).toMatchObject({ parentId: caller.spanId });
    const services = new Set(spans.map(({ localEndpoint }) => localEndpoint.serviceName));
    expect([...services].sort()).toEqual(['shop.ingress', 'shop.sinks']);
  });

  test('VictoriaMetrics has every event, and the quantiles of our histograms', async () => {
    const stored = `${inPrometheus}_bucket{millrace_stage="board"}`;
    const total = await until(
      async () => numberOf(await query(ends.urls.metrics, `sum(${stored})`)),
      (found) => found === count,
    );
    expect([total, own.count]).toEqual([count, count]);
    const buckets = await query(ends.urls.metrics, `sum(${stored}) by (vmrange)`);
    const theirs = buckets.map(({ metric, value }): [number, number] => [
      Number(metric.vmrange!.split('...')[0]),
      Number(value[1]),
    ]);
    expect(theirs.sort(([one], [other]) => one - other)).toEqual(bucketsOf(own));
    for (const quantile of [0.5, 0.9, 0.99]) {
      const expression = `histogram_quantile(${quantile}, sum(${stored}) by (vmrange))`;
      expectSameBucket(numberOf(await query(ends.urls.metrics, expression)), quantileOf(own, quantile));
    }
  });

  test('Prometheus scrapes them from the collector as native histograms, with counters, gauges and our rules', async () => {
    const { prometheus } = ends.urls;
    const counted = await until(
      async () => numberOf(await query(prometheus, `histogram_count(${inPrometheus}{millrace_stage="board"})`)),
      (found) => found === count,
    );
    expect(counted).toBe(count);
    const quantile = `histogram_quantile(0.99, ${inPrometheus}{millrace_stage="board"})`;
    expectSameBucket(numberOf(await query(prometheus, quantile)), quantileOf(own, 0.99));
    const tallied = 'millrace_ledger_events_total{millrace_stage="board",millrace_ledger_kind="out"}';
    expect(numberOf(await query(prometheus, tallied))).toBe(count);
    const [state] = await query(prometheus, 'millrace_pipeline_state == 1');
    expect(state?.metric).toMatchObject({ millrace_pipeline: pipeline, millrace_pipeline_state: 'flowing' });
    expect(await rulesOf(prometheus)).toEqual(ourRules);
  });

  test('vmalert evaluates the same rules on VictoriaMetrics', async () => {
    expect(await rulesOf(ends.urls.vmalert)).toEqual(ourRules);
  });

  test('the exemplars that reach the collector name the sampled trace', async () => {
    interface Exemplar {
      readonly traceId: string;
      readonly asDouble: number;
    }
    interface Point {
      readonly exemplars?: readonly Exemplar[];
      readonly attributes: readonly { key: string; value: { stringValue: string } }[];
    }
    const points = await until(
      () =>
        ends
          .received()
          .flatMap((request) => request.resourceMetrics ?? [])
          .flatMap(({ scopeMetrics }) => scopeMetrics)
          .flatMap(({ metrics }) => metrics)
          .filter(({ name }) => name === 'millrace.pathway.end_to_end.duration')
          .flatMap(({ exponentialHistogram }): Point[] => exponentialHistogram.dataPoints)
          .filter(({ exemplars = [] }) => exemplars.some(({ traceId }) => traceId === caller.traceId)),
      (found) => found.length > 0,
    );
    const stages = points.flatMap(({ attributes }) =>
      attributes.flatMap(({ key, value }) => (key === 'millrace.stage' ? [value.stringValue] : [])),
    );
    expect(new Set(stages)).toEqual(new Set(['ingress', 'board']));
  });

  test('the dashboard is offered by vmui, and each of its queries runs', async () => {
    const offered = await json<{ dashboardsSettings: { title: string }[] }>(
      `${ends.urls.metrics}/vmui/custom-dashboards`,
    );
    expect(offered.dashboardsSettings.map(({ title }) => title)).toEqual(['Millrace']);
    const expressions = rows.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.map(({ expr }) => expr)));
    let empty: readonly string[] = expressions;
    // A rate needs events between two looks.
    for (let round = 0; empty.length > 0 && round < 20; round++) {
      await shop.pass(100, formatTraceparent({ ...caller, traceId: newTraceId() }));
      await metrics.flush();
      await sleep(1000);
      const answers = await Promise.all(
        empty.map(async (expr) => [expr, await query(ends.urls.metrics, expr)] as const),
      );
      empty = answers.flatMap(([expr, results]) => (results.length === 0 ? [expr] : []));
    }
    expect(empty).toEqual([]);
  });

  inBrowser('Zipkin’s page draws a trace from the ingress to the store', async () => {
    const traceId = newTraceId();
    await shop.pass(1, formatTraceparent({ ...caller, traceId }));
    const names = ['post /events', 'kafka send shop.visits', 'kafka receive shop.visits', 'sink board'];
    await until(
      () => json<readonly ZipkinSpan[]>(`${ends.urls.zipkin}/api/v2/trace/${traceId}`).catch(() => []),
      (found) => names.every((name) => found.some((span) => span.name.toLowerCase() === name)),
    );
    const text = await zipkinTrace(ends.urls.zipkin, traceId, [...names, 'shop.ingress', 'shop.sinks']);
    expect(text).toContain(traceId);
  });

  test('killed, the collector keeps nobody: the data goes on, what is dropped is counted, and it all comes when it is back', async () => {
    await ends.collector.kill();
    const before = metrics.counters.droppedPoints;
    await shop.pass(count, formatTraceparent({ ...caller, traceId: newTraceId() }));
    await metrics.flush();
    await until(
      () => metrics.counters.droppedPoints,
      (dropped) => dropped > before,
    );
    expect(metrics.counters.lastFailure).toEqual(expect.any(String));
    expect(
      await until(
        () => shop.undelivered(),
        (spans) => spans > 0,
      ),
    ).toBeGreaterThan(0);
    await ends.collector.start();
    await metrics.flush();
    await until(
      async () => numberOf(await query(ends.urls.metrics, `sum(${inPrometheus}_bucket{millrace_stage="board"})`)),
      (found) => found === shop.sent(),
    );
    const drops = await until(
      async () =>
        numberOf(
          await query(ends.urls.metrics, 'millrace_telemetry_dropped_total{millrace_telemetry_signal="metrics"}'),
        ),
      (found) => found > 0,
    );
    expect(drops).toBe(metrics.counters.droppedPoints);
    // And somebody is told of it.
    for (const rules of [ends.urls.prometheus, ends.urls.vmalert]) await firing(rules, 'MillraceTelemetryDropped');
  });
});
