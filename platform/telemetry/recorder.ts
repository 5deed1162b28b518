/**
 * Takes finished spans from the data path and carries them away in the background: to files that `millrace trace` reads, and
 * to an OpenTelemetry collector when the standard variables name one. `record` only puts the span into a queue; it never
 * waits and never throws. What does not fit is dropped and counted.
 */
import type { CollectorExport } from './collector.ts';
import { isTelemetryDisabled, resourceAttributes, wantsCollector, withService } from './resource.ts';
import { type Attributes, encodeAttributes, encodeExportRequest, encodeSpan, type SpanData } from './span.ts';
import { createSpanFile, type SpanFileLimits, spanFileLimits } from './spanFiles.ts';

export interface SpanRecorderOptions {
  /** `flight-delays.ingress`: the resource's service.name, and the stem of the file. */
  readonly service: string;
  /** The resource's service.instance.id: the task. */
  readonly instance: string;
  readonly spansDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly limits?: SpanFileLimits;
}

export interface SpanCounters {
  recorded: number;
  written: number;
  /** The queue was full, or the file could not be written. */
  dropped: number;
  /** The collector, where one is named, did not take them; they are in the file none the less. */
  undelivered: number;
}

export interface SpanRecorder {
  readonly enabled: boolean;
  readonly counters: Readonly<SpanCounters>;
  record(span: SpanData): void;
  /** Resolves when all spans recorded so far are in the file and handed to the collector (2 s at most). Never rejects. */
  flush(): Promise<void>;
  /** Flushes and ends; spans recorded later are dropped. */
  shutdown(): Promise<void>;
}

/** Spans kept for the next write; at 600 bytes each 5 MiB at most. */
const maxQueuedSpans = 8192;
/** A short line lets a reader skip what it does not look for. */
const spansPerLine = 32;
const writeEveryMs = 250;
const collectorFlushMs = 2000;

export function createSpanRecorder(options: SpanRecorderOptions): SpanRecorder {
  return isTelemetryDisabled(options.env) ? disabledRecorder() : new QueueingRecorder(options);
}

function disabledRecorder(): SpanRecorder {
  const counters = { recorded: 0, written: 0, dropped: 0, undelivered: 0 };
  return { enabled: false, counters, record() {}, flush: async () => {}, shutdown: async () => {} };
}

class QueueingRecorder implements SpanRecorder {
  readonly enabled = true;
  readonly counters: SpanCounters = { recorded: 0, written: 0, dropped: 0, undelivered: 0 };
  readonly #file;
  readonly #resource: Attributes;
  /** Encoded resources, by service. */
  readonly #resourceJson = new Map<string | undefined, string>();
  readonly #collector: Promise<CollectorExport | undefined>;
  #queue: SpanData[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #ended = false;

  constructor({ service, instance, spansDir, env, limits = spanFileLimits }: SpanRecorderOptions) {
    const resource = resourceAttributes(service, instance, env);
    this.#file = createSpanFile(spansDir, service, limits);
    this.#resource = resource;
    this.#collector = wantsCollector(env) ? openCollector(resource, this.counters) : Promise.resolve(undefined);
  }

  record(span: SpanData): void {
    this.counters.recorded += 1;
    if (this.#ended || this.#queue.length >= maxQueuedSpans) {
      this.counters.dropped += 1;
      return;
    }
    this.#queue.push(span);
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#write(), writeEveryMs);
    this.#timer.unref();
  }

  async flush(): Promise<void> {
    await this.#write();
    await settleWithin((await this.#collector)?.flush(), collectorFlushMs);
  }

  async shutdown(): Promise<void> {
    this.#ended = true;
    await this.#write();
    await settleWithin((await this.#collector)?.shutdown(), collectorFlushMs);
  }

  #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#writeQueue());
    return this.#writing;
  }

  async #writeQueue(): Promise<void> {
    const spans = this.#queue;
    if (spans.length === 0) return;
    this.#queue = [];
    (await this.#collector)?.add(spans);
    try {
      await this.#file.append(this.#encode(spans));
      this.counters.written += spans.length;
    } catch {
      this.counters.dropped += spans.length;
    }
  }

  #encode(spans: readonly SpanData[]): string {
    let lines = '';
    for (const [service, group] of Map.groupBy(spans, (span) => span.service)) {
      for (let i = 0; i < group.length; i += spansPerLine) {
        const part = group.slice(i, i + spansPerLine).map(encodeSpan);
        lines += `${encodeExportRequest(this.#resourceOf(service), part)}\n`;
      }
    }
    return lines;
  }

  #resourceOf(service: string | undefined): string {
    let json = this.#resourceJson.get(service);
    if (json === undefined) {
      json = JSON.stringify(encodeAttributes(withService(this.#resource, service)));
      this.#resourceJson.set(service, json);
    }
    return json;
  }
}

/** The SDK is loaded only when a collector is named: it costs about 0.1 s of CPU and 23 MB (measured, Node 24). */
async function openCollector(resource: Attributes, counters: SpanCounters): Promise<CollectorExport | undefined> {
  try {
    const { createCollectorExport } = await import('./collector.ts');
    return createCollectorExport(resource, counters);
  } catch {
    return undefined;
  }
}

async function settleWithin(work: Promise<void> | undefined, timeoutMs: number): Promise<void> {
  if (work === undefined) return;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([work.catch(() => {}), timeout]);
  clearTimeout(timer);
}
