/** Steps on tasks that stay known: stopped, started again, restarted; and waiting until the topics are read. */

import { connectKafkaAdmin } from '../frameworks/kafka/admin.ts';
import type { KafkaOptions } from '../frameworks/kafka/spec.ts';
import { readLag } from '../observe/lag.ts';
import type { StepCall } from '../workflows/activities.ts';
import { frameworkAccess } from './access.ts';
import type { ActivityDeps } from './deps.ts';
import { pause, runStep } from './running.ts';
import { recordedPipeline } from './tasks.ts';

const watchMs = 500;

export function createChangeActivities(deps: ActivityDeps) {
  const identity = ({ scope, step }: StepCall) => ({ scope, id: step.id, label: step.label });
  return {
    'task.stop': (call: StepCall<'task.stop'>) =>
      runStep(deps, identity(call), async () => {
        await deps.driver.stop(call.step.input.task);
      }),
    'task.resume': (call: StepCall<'task.resume'>) =>
      runStep(deps, identity(call), async () => {
        await deps.driver.resume(call.step.input.task);
      }),
    'task.restart': (call: StepCall<'task.restart'>) =>
      runStep(deps, identity(call), () => restart(deps, call.step.input.task, call.scope.operation.requestedAtMs)),
    'flow.drain': (call: StepCall<'flow.drain'>) =>
      runStep(deps, { ...identity(call), looksOnly: true }, (waiting) => untilDrained(deps, call, waiting)),
  };
}

/** A second attempt finds the task stopped, or started since: it is not stopped twice. */
async function restart({ driver }: ActivityDeps, task: string, requestedAtMs: number): Promise<void> {
  const before = await driver.status(task);
  const isNew = before?.phase === 'running' && Date.parse(before.startedAt ?? '') >= requestedAtMs;
  if (isNew) return;
  await driver.stop(task);
  await driver.resume(task);
}

/** What can't be asked, or is not read in time, stays in the topics: a stop never waits for a pipeline that is stuck. */
async function untilDrained(
  deps: ActivityDeps,
  { scope, step }: StepCall<'flow.drain'>,
  waiting: (text: string) => void,
): Promise<void> {
  const record = recordedPipeline(deps, scope);
  const admin = await connectKafkaAdmin(await frameworkAccess<KafkaOptions>(deps, 'kafka')).catch(() => undefined);
  if (admin === undefined) return;
  try {
    const endMs = Date.now() + step.input.patienceMs;
    while (Date.now() < endMs) {
      const lag = await readLag(record, admin, { watchMs, pause }).catch(() => undefined);
      if (lag === undefined) return;
      const { hops } = lag;
      const behind = hops.filter(({ lagRecords, inRate }) => (lagRecords ?? 0) > 0 || (inRate ?? 0) > 0);
      if (behind.length === 0) return;
      waiting(behind.map(({ hop, lagRecords }) => `${hop} to read ${lagRecords ?? 'some'} records`).join(', '));
    }
  } finally {
    await admin.close();
  }
}
