/**
 * One stream of `/events` for the whole page: kept open, resumed by the id of the last event, taken up again after a loss.
 *
 * By fetch and not by EventSource, which gives up for good at an answer with an error status, and shows only events whose
 * names are known beforehand.
 */
import type { PlatformEvent } from '../../../api/contract/control.ts';
import type { PipelineGraph, PipelineSummary } from '../../../api/contract/pipelines.ts';
import type { Api } from '../api/client.ts';
import { createSseParser, type SseMessage, type SseParser } from './sse.ts';
import { emptyLive, type LiveMessage, type LiveState, reduceLive } from './state.ts';

export interface Live {
  state(): LiveState;
  /** Called after each change of the state; returns how to end it. */
  onChange(listener: () => void): () => void;
  /** Called when events were missed: what depends on them is to be loaded anew. Returns how to end it. */
  onGap(listener: () => void): () => void;
  /** Called for each event of the bus; returns how to end it. */
  onEvent(listener: (event: PlatformEvent) => void): () => void;
  reloadList(): Promise<void>;
  start(): void;
  stop(): void;
}

export interface LiveOptions {
  readonly api: Api;
  readonly fetch: typeof fetch;
}

const firstRetryMs = 500;
const maxRetryMs = 10_000;
/** The server sends at least a comment that often, so that a silent stream is a broken one; it is then opened anew. */
const silenceMs = 45_000;
const listChanges = /^millrace\.(pipeline|operation)\b/;

export function createLive({ api, fetch }: LiveOptions): Live {
  let state = emptyLive;
  let parser = createSseParser();
  let stopped: AbortController | undefined;
  let listTimer: ReturnType<typeof setTimeout> | undefined;
  const listeners = new Set<() => void>();
  const gapListeners = new Set<() => void>();
  const eventListeners = new Set<(event: PlatformEvent) => void>();

  function apply(message: LiveMessage): void {
    state = reduceLive(state, message);
    for (const listener of listeners) listener();
  }

  async function reloadList(): Promise<void> {
    const summaries = await api.call('pipelines', {}).catch(() => undefined);
    if (summaries !== undefined) apply({ kind: 'list', summaries });
  }

  function take({ event, data }: SseMessage): void {
    const nowMs = Date.now();
    const body: unknown = parse(data);
    if (event === 'seen' && body !== null) {
      const { summary, graph } = body as { summary: PipelineSummary; graph: PipelineGraph };
      apply({ kind: 'seen', summary, graph, nowMs });
    } else if (event === 'gap') {
      for (const listener of gapListeners) listener();
    } else if (typeof body === 'object' && body !== null && 'type' in body) {
      tell(body as PlatformEvent, nowMs);
    } else {
      apply({ kind: 'heard', nowMs });
    }
  }

  function tell(event: PlatformEvent, nowMs: number): void {
    apply({ kind: 'event', event, nowMs });
    for (const listener of eventListeners) listener(event);
    if (!listChanges.test(event.type)) return;
    clearTimeout(listTimer);
    listTimer = setTimeout(reloadList, 300);
  }

  async function run(stop: AbortSignal): Promise<void> {
    let retryMs = firstRetryMs;
    while (!stop.aborted) {
      const opened = await readStream({ fetch, parser, stop, take, onOpen, onPiece }).catch(() => false);
      if (stop.aborted) return;
      apply({ kind: 'connection', connection: 'lost', nowMs: Date.now() });
      parser = createSseParser(parser.lastEventId);
      retryMs = opened ? firstRetryMs : Math.min(maxRetryMs, retryMs * 2);
      await wait(retryMs, stop);
    }
  }

  function onOpen(): void {
    apply({ kind: 'connection', connection: 'open', nowMs: Date.now() });
    void reloadList();
  }
  function onPiece(): void {
    apply({ kind: 'heard', nowMs: Date.now() });
  }

  return {
    state: () => state,
    onChange: (listener) => addTo(listeners, listener),
    onGap: (listener) => addTo(gapListeners, listener),
    onEvent: (listener) => addTo(eventListeners, listener),
    reloadList,
    start() {
      if (stopped !== undefined) return;
      stopped = new AbortController();
      void run(stopped.signal);
    },
    stop() {
      stopped?.abort();
      stopped = undefined;
      clearTimeout(listTimer);
    },
  };
}

interface StreamOptions {
  readonly fetch: typeof fetch;
  readonly parser: SseParser;
  readonly stop: AbortSignal;
  readonly take: (message: SseMessage) => void;
  readonly onOpen: () => void;
  readonly onPiece: () => void;
}

/** Until the stream ends, breaks or falls silent; true when it was open. */
async function readStream({ fetch, parser, stop, take, onOpen, onPiece }: StreamOptions): Promise<boolean> {
  const silent = new AbortController();
  const headers: Record<string, string> = { accept: 'text/event-stream' };
  if (parser.lastEventId !== '') headers['last-event-id'] = parser.lastEventId;
  const answer = await fetch('/events', {
    headers,
    credentials: 'same-origin',
    cache: 'no-store',
    signal: AbortSignal.any([stop, silent.signal]),
  });
  if (!answer.ok || answer.body === null) return false;
  onOpen();
  const decoder = new TextDecoder();
  const reader = answer.body.getReader();
  let timer = setTimeout(() => silent.abort(), silenceMs);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return true;
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), silenceMs);
      const messages = parser.push(decoder.decode(value, { stream: true }));
      if (messages.length === 0) onPiece();
      for (const message of messages) take(message);
    }
  } catch {
    return true;
  } finally {
    clearTimeout(timer);
  }
}

function wait(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    stop.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

function addTo<T>(set: Set<T>, item: T): () => void {
  set.add(item);
  return () => {
    set.delete(item);
  };
}
