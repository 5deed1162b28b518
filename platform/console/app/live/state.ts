/** What is known of all pipelines right now, and how each message changes it. Pure. */
import type { PlatformEvent } from '../../../api/contract/control.ts';
import type { PipelineGraph, PipelineSummary } from '../../../api/contract/pipelines.ts';

export type Connection = 'connecting' | 'open' | 'lost';

export interface LiveState {
  readonly connection: Connection;
  /** When the last message came, by the browser's clock; 0: none yet. */
  readonly heardMs: number;
  /** The list has been loaded: a name that is not in it does not exist. */
  readonly listed: boolean;
  readonly summaries: ReadonlyMap<string, PipelineSummary>;
  readonly graphs: ReadonlyMap<string, PipelineGraph>;
  /** What each took in a second, as the stream told it, newest last; at most `keptRates`. */
  readonly rates: ReadonlyMap<string, readonly (number | null)[]>;
  /** Newest last; at most `keptEvents`. */
  readonly events: readonly PlatformEvent[];
}

export type LiveMessage =
  | { readonly kind: 'connection'; readonly connection: Connection; readonly nowMs: number }
  | { readonly kind: 'heard'; readonly nowMs: number }
  | { readonly kind: 'list'; readonly summaries: readonly PipelineSummary[] }
  | { readonly kind: 'seen'; readonly summary: PipelineSummary; readonly graph: PipelineGraph; readonly nowMs: number }
  | { readonly kind: 'event'; readonly event: PlatformEvent; readonly nowMs: number };

export const keptEvents = 500;
export const keptRates = 60;

export const emptyLive: LiveState = {
  connection: 'connecting',
  heardMs: 0,
  listed: false,
  summaries: new Map(),
  graphs: new Map(),
  rates: new Map(),
  events: [],
};

export function reduceLive(state: LiveState, message: LiveMessage): LiveState {
  switch (message.kind) {
    case 'connection':
      return message.connection === 'open'
        ? { ...state, connection: 'open', heardMs: message.nowMs }
        : { ...state, connection: message.connection };
    case 'heard':
      return { ...state, heardMs: message.nowMs };
    case 'list':
      return withList(state, message.summaries);
    case 'seen': {
      const { summary, graph, nowMs } = message;
      const summaries = new Map(state.summaries).set(summary.pipeline, summary);
      const graphs = new Map(state.graphs).set(summary.pipeline, graph);
      const before = state.rates.get(summary.pipeline) ?? [];
      const rates = new Map(state.rates).set(summary.pipeline, [...before, summary.ratePerSecond].slice(-keptRates));
      return { ...state, summaries, graphs, rates, heardMs: nowMs };
    }
    case 'event': {
      // A resumed stream may repeat what is there already.
      if (state.events.some(({ id }) => id === message.event.id)) return { ...state, heardMs: message.nowMs };
      return { ...state, events: [...state.events, message.event].slice(-keptEvents), heardMs: message.nowMs };
    }
  }
}

/** The list is the truth about which pipelines there are. */
function withList(state: LiveState, list: readonly PipelineSummary[]): LiveState {
  const summaries = new Map(list.map((summary) => [summary.pipeline, summary]));
  const graphs = new Map([...state.graphs].filter(([name]) => summaries.has(name)));
  const rates = new Map([...state.rates].filter(([name]) => summaries.has(name)));
  return { ...state, listed: true, summaries, graphs, rates };
}
