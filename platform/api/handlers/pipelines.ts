/** What the observer tells of pipelines, and alerting of their objectives. */
import { isRecorded, notFound, type Reach, recordOf } from '../reach.ts';
import type { Handlers } from './handler.ts';

type Names = 'pipelines' | 'pipeline' | 'graph' | 'history' | 'ledger' | 'lag' | 'objectives' | 'alerts';

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
    lag: ({ params }) => seen('lag', named(params), watcher.lag(named(params))),
    objectives: ({ params }) => [...alerting.objectives(named(params))],
    alerts: () => [...alerting.alerts()],
  };
}
