/**
 * Hands on what the receivers take, byte for byte, to another back end: the one that the standard variables of this process name
 * (`OTEL_EXPORTER_OTLP_[TRACES_|METRICS_|LOGS_]ENDPOINT`, `_HEADERS`, `_TIMEOUT`). It never holds up the receiver: a bounded queue,
 * and what does not fit or is refused is dropped and counted.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Signal } from './fields.ts';

export interface ForwardedRequest {
  readonly signal: Signal;
  readonly contentType: string;
  /** As the body is: `gzip`, or none. */
  readonly contentEncoding?: string | undefined;
  readonly body: Buffer;
}

export interface Forwarder {
  /** Queues and returns; never throws. */
  forward(request: ForwardedRequest): void;
  /** Requests by what became of them. */
  readonly counters: { readonly forwarded: number; readonly dropped: Readonly<Record<string, number>> };
  /** Resolves when the queue is empty or `timeoutMs` have passed; what is left is dropped. */
  close(timeoutMs: number): Promise<void>;
}

/** Set on what we hand on. A receiver does not hand it on again: two that name each other would do so for ever. */
export const forwardedHeader = 'x-millrace-forwarded';

const maxQueuedBytes = 16 * 1024 * 1024;
const attempts = 5;
const firstPauseMs = 500;
/** Answers after which the sender may try again (https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes). */
const retryable = new Set([429, 502, 503, 504]);

/** Undefined: no back end is named. */
export function createForwarder(env: NodeJS.ProcessEnv): Forwarder | undefined {
  const signals: readonly Signal[] = ['traces', 'metrics', 'logs'];
  const targets = new Map(signals.map((signal) => [signal, targetOf(signal, env)]));
  return [...targets.values()].some((target) => target !== undefined) ? new QueueingForwarder(targets) : undefined;
}

interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

function targetOf(signal: Signal, env: NodeJS.ProcessEnv): Target | undefined {
  const of = (name: string) =>
    env[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${name}`] || env[`OTEL_EXPORTER_OTLP_${name}`];
  const own = env[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`];
  const shared = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  const url = own || (shared ? `${shared.replace(/\/+$/, '')}/v1/${signal}` : undefined);
  if (url === undefined || !URL.canParse(url)) return undefined;
  return { url, headers: headersOf(of('HEADERS')), timeoutMs: Number(of('TIMEOUT')) || 10_000 };
}

/** `key=value,key=value`, percent-encoded, as the standard has it. */
function headersOf(text: string | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of text?.split(',') ?? []) {
    const equals = pair.indexOf('=');
    if (equals <= 0) continue;
    try {
      headers[pair.slice(0, equals).trim()] = decodeURIComponent(pair.slice(equals + 1).trim());
    } catch {
      // Not percent-encoded text: the header is left out.
    }
  }
  return headers;
}

class QueueingForwarder implements Forwarder {
  readonly #targets: ReadonlyMap<Signal, Target | undefined>;
  readonly counters = { forwarded: 0, dropped: {} as Record<string, number> };
  readonly #queue: ForwardedRequest[] = [];
  #queuedBytes = 0;
  #working: Promise<void> | undefined;
  readonly #ending = new AbortController();

  constructor(targets: ReadonlyMap<Signal, Target | undefined>) {
    this.#targets = targets;
  }

  forward(request: ForwardedRequest): void {
    if (this.#targets.get(request.signal) === undefined) return;
    const isFull = this.#queuedBytes + request.body.length > maxQueuedBytes;
    if (this.#ending.signal.aborted || isFull) {
      this.#drop(isFull ? 'queue full' : 'closed');
      return;
    }
    this.#queue.push(request);
    this.#queuedBytes += request.body.length;
    this.#working ??= this.#work();
  }

  async close(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => this.#ending.abort(), timeoutMs);
    await this.#working;
    clearTimeout(timer);
    this.#ending.abort();
  }

  async #work(): Promise<void> {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const failure = await this.#send(next, this.#targets.get(next.signal)!);
      if (failure === undefined) this.counters.forwarded += 1;
      else this.#drop(failure);
      this.#queue.shift();
      this.#queuedBytes -= next.body.length;
    }
    this.#working = undefined;
  }

  /** The reason why it was not taken, after all attempts. */
  async #send(request: ForwardedRequest, target: Target): Promise<string | undefined> {
    let failure = 'closed';
    for (let attempt = 0; attempt < attempts && !this.#ending.signal.aborted; attempt++) {
      if (attempt > 0) await this.#pause(firstPauseMs * 2 ** (attempt - 1));
      const status = await this.#post(request, target);
      if (status !== undefined && status < 300) return undefined;
      failure = status === undefined ? 'unreachable' : `answer ${status}`;
      if (status !== undefined && !retryable.has(status)) break;
    }
    return failure;
  }

  async #post({ body, contentType, contentEncoding }: ForwardedRequest, target: Target): Promise<number | undefined> {
    try {
      const answer = await fetch(target.url, {
        method: 'POST',
        body: new Uint8Array(body),
        headers: {
          ...target.headers,
          'content-type': contentType,
          ...(contentEncoding === undefined ? {} : { 'content-encoding': contentEncoding }),
          [forwardedHeader]: '1',
        },
        signal: AbortSignal.any([this.#ending.signal, AbortSignal.timeout(target.timeoutMs)]),
      });
      await answer.body?.cancel();
      return answer.status;
    } catch {
      return undefined;
    }
  }

  /** Ends early with `close`. Leaves no listener behind, however long a back end is away. */
  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#ending.signal }).catch(() => undefined);
  }

  #drop(reason: string): void {
    this.counters.dropped[reason] = (this.counters.dropped[reason] ?? 0) + 1;
  }
}
