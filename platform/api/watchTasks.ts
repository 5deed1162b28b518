/**
 * Phases of tasks as events of the bus. What changed while the API was away is told when it is back; a task that the bus does not
 * remember is told of as it is.
 */
import type { ClusterDriver, TaskStatus } from '../cluster/driver.ts';
import type { EventBus } from './eventBus.ts';
import { repeat } from './repeat.ts';

const lookMs = 2000;
const type = 'millrace.task.phase';
const removed = 'removed';

/** Answers a function that ends it. */
export function watchTasks(driver: ClusterDriver, bus: EventBus): () => void {
  const known = new Map<string, string>();
  for (const event of bus.since('0').events) {
    if (event.type !== type) continue;
    if (event.data.phase === removed) known.delete(event.subject);
    else known.set(event.subject, keyOf(event.data as never));
  }
  const look = async () => {
    const tasks = await driver.list();
    for (const task of tasks) {
      const key = keyOf(task);
      const before = known.get(task.id);
      known.set(task.id, key);
      if (before !== key) tell(bus, task);
    }
    for (const id of [...known.keys()]) {
      if (tasks.some((task) => task.id === id)) continue;
      known.delete(id);
      bus.publish({ source: '/tasks', type, subject: id, data: { id, phase: removed, restarts: 0, reason: '' } });
    }
  };
  // No agent: nothing is known, which is no change.
  return repeat(lookMs, look);
}

function keyOf({ phase, restarts }: Pick<TaskStatus, 'phase' | 'restarts'>): string {
  return `${phase}/${restarts}`;
}

function tell(bus: EventBus, { id, owner, node, phase, restarts, reason, pid, lastExit }: TaskStatus): void {
  bus.publish({
    source: '/tasks',
    type,
    subject: id,
    data: { id, owner, node, phase, restarts, reason, pid, lastExit },
  });
}
