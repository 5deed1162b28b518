/** What the telemetry store holds, and what was dropped: by the store, by this process, by the tasks of all pipelines. */
import { askSpanDrops } from '../../observe/spanDrops.ts';
import { spanDrops } from '../../telemetry/drops.ts';
import type { Reach } from '../reach.ts';
import type { Handlers } from './handler.ts';

/** Less than a page waits for: a task that hangs is named as silent. */
const taskWithinMs = 2000;

export function telemetryHandlers(reach: Reach): Pick<Handlers, 'telemetry'> {
  const { store, records } = reach;
  return {
    async telemetry() {
      const asked = records.readablePipelines().records.map((record) => askSpanDrops(record, taskWithinMs));
      const replies = (await Promise.all(asked)).flat();
      const ofTasks = replies.flatMap(({ task, spans }) => (spans === undefined ? [] : spanDrops(task, spans)));
      const stats = store.stats();
      return {
        ...{ ...stats, dropped: { ...stats.dropped } },
        undelivered: [...reach.drops(), ...ofTasks],
        silent: replies.filter(({ answered }) => !answered).map(({ task }) => task),
      };
    },
  };
}
