/**
 * `npm run bench:store`: the telemetry store with 1,000,000 spans of traces such as our tasks make (telemetrySpans.ts): what taking
 * them in costs, by addSpans and from span files; each question; removal; opening. Options, after `--`: `--spans 100000` for less,
 * `--directory PATH` (kept where given).
 *
 * Times are the machine's; the ratios are of one run: each question against the newest 50, each way in against addSpans.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encodeAttributes, encodeExportRequest, encodeSpan } from '../../platform/telemetry/span.ts';
import type { TraceSearch } from '../../platform/telemetry/store/contract.ts';
import { type EmbeddedStore, openTelemetryStore } from '../../platform/telemetry/store/open.ts';
import { openForWriting } from '../../platform/telemetry/store/openDatabase.ts';
import { Retention } from '../../platform/telemetry/store/retention.ts';
import { tailSpanFiles } from '../../platform/telemetry/store/tailSpanFiles.ts';
import { eventIdOf, spansPerTrace, traceIdOf, traceOf } from './telemetrySpans.ts';

const { values: asked } = parseArgs({
  options: { spans: { type: 'string', default: '1000000' }, directory: { type: 'string' } },
});
const traces = Math.floor(Number(asked.spans) / spansPerTrace);
const spans = traces * spansPerTrace;
const root = asked.directory ?? mkdtempSync(join(tmpdir(), 'millrace-bench-'));
const [directory, spansDir, followedDirectory] = [join(root, 'store'), join(root, 'spans'), join(root, 'followed')];
mkdirSync(spansDir, { recursive: true });
const nowMs = Date.now();
/** One trace every 10 ms. */
const startOf = (n: number) => nowMs - (traces - n) * 10;

const column = (text: string | number, width = 12) => String(text).padStart(width);
const mib = (bytes: number) => Math.round(bytes / 1024 / 1024);

interface Cost {
  readonly perSecond: number;
  readonly cpuMicros: number;
}
async function costOf(items: number, work: () => Promise<void>): Promise<Cost> {
  const [startMs, cpu] = [performance.now(), process.cpuUsage()];
  await work();
  const used = process.cpuUsage(cpu);
  return {
    perSecond: (items / (performance.now() - startMs)) * 1000,
    cpuMicros: (used.user + used.system) / items,
  };
}

async function add(store: EmbeddedStore): Promise<void> {
  for (let n = 0; n < traces; n++) {
    for (const { service, spans: each } of traceOf(n, startOf(n)))
      store.addSpans({ service, instance: `${service}.0` }, each);
    if (n % 250 === 249) await store.flush();
  }
  await store.flush();
}

/** A tenth of the spans, as files of 16 MiB at most, 32 spans to a line. */
async function writeSpanFiles(): Promise<number> {
  const resource = JSON.stringify(
    encodeAttributes({ 'service.name': 'flight-delays.sinks', 'service.instance.id': '0' }),
  );
  const count = Math.floor(traces / 10);
  let [lines, file] = ['', 0];
  for (let n = 0; n < count; n += 4) {
    const each = [n, n + 1, n + 2, n + 3].flatMap((k) =>
      traceOf(k, nowMs - k).flatMap((task) => task.spans.map(encodeSpan)),
    );
    lines += `${encodeExportRequest(resource, each)}\n`;
    if (lines.length < 16 * 1024 * 1024 && n + 4 < count) continue;
    file += 1;
    await writeFile(join(spansDir, `bench-${file}.ndjson`), lines);
    lines = '';
  }
  return Math.ceil(count / 4) * 4 * spansPerTrace;
}

/** Median of nine, after one that warms up. */
async function medianMs(ask: () => Promise<unknown>): Promise<number> {
  await ask();
  const times: number[] = [];
  for (let i = 0; i < 9; i++) {
    const startMs = performance.now();
    await ask();
    times.push(performance.now() - startMs);
  }
  return times.sort((a, b) => a - b)[4]!;
}

async function questions(store: EmbeddedStore): Promise<void> {
  const search = (conditions: Partial<TraceSearch>) => () => store.searchTraces({ limit: 50, ...conditions });
  const attribute = (key: string, value: string) => ({ attribute: { key, value } });
  const middle = Math.floor(traces / 2);
  const asks: Readonly<Record<string, () => Promise<unknown>>> = {
    'newest 50': search({}),
    'newest 50 before the middle': search({ before: startOf(middle) }),
    service: search({ service: 'flight-delays.sinks' }),
    'service that is not there': search({ service: 'nobody' }),
    'name and pipeline': search({ name: 'sink raw', pipeline: 'flight-delays' }),
    'attribute: event id (one trace)': search(attribute('millrace.event.id', eventIdOf(middle))),
    'attribute: partition (a quarter)': search(attribute('messaging.destination.partition.id', '3')),
    'duration >= 3 s (1 in 1000)': search({ minDurationMs: 3000 }),
    'duration >= 30 s (none)': search({ minDurationMs: 30_000 }),
    'status error (1 in 100)': search({ status: 'error' }),
    'all of these': search({
      ...{
        service: 'flight-delays.sinks',
        name: 'sink raw',
        pipeline: 'flight-delays',
        status: 'error',
        minDurationMs: 3000,
      },
      ...attribute('messaging.destination.partition.id', '3'),
    }),
    trace: () => store.trace(traceIdOf(middle)),
    'heat map of all': () => store.heatmap({ limit: 1 }, 60),
    'heat map of an hour': () => store.heatmap({ limit: 1, fromMs: nowMs - 3600_000, toMs: nowMs }, 60),
  };
  console.log(`\n${'question'.padEnd(36)}${column('ms')}${column('÷ newest')}`);
  let base: number | undefined;
  for (const [name, ask] of Object.entries(asks)) {
    const ms = await medianMs(ask);
    base ??= ms;
    console.log(`${name.padEnd(36)}${column(ms.toFixed(2))}${column((ms / base).toFixed(1))}`);
  }
  console.log('aim: newest 50 of 1,000,000 spans in 50 ms');
}

function remove(): void {
  const db = openForWriting(directory);
  const retention = new Retention(db, { maxBytes: 2 ** 40, retentionMs: nowMs - startOf(Math.floor(traces / 20)) });
  const used = retention.usedBytes();
  const [startMs, cpu] = [performance.now(), process.cpuUsage()];
  let [steps, longestMs] = [0, 0];
  for (let more = true; more; steps++) {
    const stepMs = performance.now();
    more = retention.step(nowMs);
    longestMs = Math.max(longestMs, performance.now() - stepMs);
  }
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    `\nremoving 5 %: ${(performance.now() - startMs).toFixed(0)} ms, ${((user + system) / (spans / 20)).toFixed(1)} µs of CPU a span, ` +
      `${steps} slices, the longest ${longestMs.toFixed(0)} ms; ${mib(used - retention.usedBytes())} MiB free for what comes`,
  );
  db.close();
}

try {
  console.log(
    `${spans} spans in ${traces} traces; ${availableParallelism()} cores, load ${loadavg()[0]!.toFixed(1)}\n`,
  );
  const print = (what: string, { perSecond, cpuMicros }: Cost, base: Cost) =>
    console.log(
      `${what.padEnd(36)}${column(Math.round(perSecond))}${column(cpuMicros.toFixed(1))}${column((cpuMicros / base.cpuMicros).toFixed(2))}`,
    );
  console.log(`${'taking in'.padEnd(36)}${column('spans/s')}${column('CPU µs/span')}${column('÷ addSpans')}`);
  const rssBefore = process.memoryUsage().rss;
  const store = await openTelemetryStore({ directory });
  const added = await costOf(spans, () => add(store));
  print('addSpans, 2000 at once', added, added);
  const rssAfter = process.memoryUsage().rss;
  const inFiles = await writeSpanFiles();
  const follower = await openTelemetryStore({ directory: followedDirectory });
  print('span files', await costOf(inFiles, () => tailSpanFiles(spansDir, follower).caughtUp()), added);
  const idle = await costOf(1, () => new Promise((resolve) => setTimeout(resolve, 20_000)));
  console.log(`idle, following: ${(idle.cpuMicros / 20_000).toFixed(2)} ms of CPU a second`);
  await follower.close();
  const { bytes, dropped } = store.stats();
  console.log(
    `file ${mib(bytes)} MiB, ${Math.round(bytes / spans)} bytes a span; memory +${mib(rssAfter - rssBefore)} MiB; dropped ${JSON.stringify(dropped)}`,
  );
  await questions(store);
  console.log(`memory with the reading thread: ${mib(process.memoryUsage().rss)} MiB`);
  await store.close();
  const openMs = await medianMs(async () => (await openTelemetryStore({ directory })).close());
  console.log(
    `\nopening and closing: ${openMs.toFixed(0)} ms; the file ${mib(statSync(join(directory, 'telemetry.sqlite')).size)} MiB`,
  );
  remove();
} finally {
  if (asked.directory === undefined) rmSync(root, { recursive: true, force: true });
}
