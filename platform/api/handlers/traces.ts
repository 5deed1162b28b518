/** Traces out of the telemetry store; what it does not have (yet), out of the span files. */
import { fail } from '../../errors.ts';
import type { TraceSearch } from '../../telemetry/store/contract.ts';
import { findTrace, type Trace, traceNotFound } from '../../telemetry/traceStore.ts';
import type { TraceQueryInput } from '../contract/traces.ts';
import type { Reach } from '../reach.ts';
import type { Handlers } from './handler.ts';

export function traceHandlers({ store, home }: Reach): Pick<Handlers, 'traces' | 'trace' | 'heatmap'> {
  return {
    async traces({ query }) {
      const traces = await store.searchTraces(searchOf(query));
      const next = traces.length === query.limit ? (traces.at(-1)?.startMs ?? null) : null;
      return { traces: [...traces], next };
    },
    async trace({ params }) {
      const traceId = params.traceId ?? '';
      if (!/^[0-9a-f]{32}$/.test(traceId))
        fail('REQUEST_INVALID', { place: 'path', name: 'traceId', reason: 'it has 32 hexadecimal digits' });
      const found = (await store.trace(traceId)) ?? (await findTrace(home.spansDir, { traceId }));
      if (found === undefined) throw traceNotFound({ traceId });
      return writable(found);
    },
    async heatmap({ query: { columns, ...query } }) {
      const { fromMs, stepMs, latencyBoundsMs, counts, exemplars } = await store.heatmap(searchOf(query), columns);
      return {
        ...{ fromMs, stepMs, latencyBoundsMs: [...latencyBoundsMs] },
        counts: counts.map((column) => [...column]),
        exemplars: [...exemplars],
      };
    },
  };
}

function searchOf({ attribute, ...query }: TraceQueryInput): TraceSearch {
  if (attribute === undefined) return query;
  const at = attribute.indexOf('=');
  return { ...query, attribute: { key: attribute.slice(0, at), value: attribute.slice(at + 1) } };
}

function writable({ services, spans, ...trace }: Trace) {
  const shown = spans.map(({ error, attributes, ...span }) => ({
    ...span,
    error: error ?? null,
    attributes: { ...attributes },
  }));
  return { ...trace, services: [...services], spans: shown };
}
