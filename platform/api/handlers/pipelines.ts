/** What the observer tells of pipelines, and alerting of their objectives. */
import { fail } from '../../errors.ts';
import { hopsOf } from '../../observe/hops.ts';
import { pathwaysOf } from '../../observe/pathways.ts';
import { queueHop, queuesIn } from '../../observe/queues.ts';
import { askTasks } from '../../observe/stages.ts';
import type { KnownFault } from '../../observe/watch/booksFile.ts';
import { isRecorded, notFound, type Reach, recordOf } from '../reach.ts';
import type { Handlers } from './handler.ts';

type Names =
  | 'pipelines'
  | 'pipeline'
  | 'graph'
  | 'history'
  | 'ledger'
  | 'acknowledge'
  | 'lag'
  | 'pathways'
  | 'objectives'
  | 'alerts';

interface Window {
  readonly originMs: number;
  readonly origin: string;
}

/** Throws LEDGER_WINDOW_UNKNOWN. */
function refuseUnknown(pipeline: string, originMs: number, windows: readonly Window[]): void {
  if (windows.some((window) => window.originMs === originMs)) return;
  const known = [...new Set(windows.map(({ origin }) => origin))].slice(-shownOrigins);
  fail('LEDGER_WINDOW_UNKNOWN', { pipeline, origin: new Date(originMs).toISOString(), known });
}

function hasFaults({ faults }: { readonly faults: readonly unknown[] }): boolean {
  return faults.length > 0;
}

function acknowledgedOf({ origin, stage, kind, events, text, acknowledgedMs, note }: KnownFault) {
  return { origin, stage, kind, events, text, acknowledged: { atMs: acknowledgedMs!, note } };
}

const shownOrigins = 12;
const taskWithinMs = 2000;
const defaultSpanMs = 15 * 60_000;

export function pipelineHandlers(reach: Reach): Pick<Handlers, Names> {
  const { watcher, alerting } = reach;
  const named = (params: Readonly<Record<string, string>>) => recordOf(reach, params.pipeline).pipeline;
  /** Recorded, and not looked at yet: a moment after its deploy began, or after the API started. */
  const seen = <T>(what: string, pipeline: string, value: T | undefined): T => {
    if (value === undefined) throw notFound(`${what} of pipeline`, pipeline, []);
    return value;
  };
  return {
    pipelines: () => watcher.summaries().filter(({ pipeline }) => isRecorded(reach, pipeline)),
    pipeline: ({ params }) => seen('summary', named(params), watcher.summary(named(params))),
    graph: ({ params, query }) => seen('graph', named(params), watcher.graph(named(params), query.atMs)) as never,
    history({ params, query, nowMs }) {
      const toMs = query.toMs ?? nowMs;
      const fromMs = query.fromMs ?? toMs - defaultSpanMs;
      return watcher.history(named(params), { fromMs, toMs, points: query.points }) as never;
    },
    ledger: ({ params }) => seen('ledger', named(params), watcher.ledger(named(params))),
    acknowledge({ params, body: { origin, note } }) {
      const pipeline = named(params);
      const ledger = seen('ledger', pipeline, watcher.ledger(pipeline));
      const originMs = origin === undefined ? undefined : Date.parse(origin);
      if (originMs !== undefined)
        refuseUnknown(pipeline, originMs, [...ledger.windows.filter(hasFaults), ...watcher.faults(pipeline)]);
      return { pipeline, faults: watcher.acknowledge(pipeline, { originMs, note }).map(acknowledgedOf) };
    },
    lag: ({ params }) => seen('lag', named(params), watcher.lag(named(params))),
    async pathways({ params, query, nowMs }) {
      const record = recordOf(reach, params.pipeline);
      const { spec } = record.plan;
      const known = [...hopsOf(record.pipeline, spec).map(({ name }) => name), ...queuesIn(spec).map(queueHop)];
      if (query.stage !== undefined && !known.includes(query.stage)) throw notFound('stage', query.stage, known);
      // Of the ledger's pages none: only the checkpoints are shown.
      const replies = await askTasks(record, { sinceMs: nowMs, timeoutMs: taskWithinMs });
      return pathwaysOf(record.pipeline, replies, query.stage) as never;
    },
    objectives: ({ params }) => [...alerting.objectives(named(params))],
    alerts: () => [...alerting.alerts()],
  };
}
