/** The last step of a deploy: data is seen flowing, or the deploy has failed. */
import { fail } from '../errors.ts';
import { passFirstEvent } from '../verify/firstEvent.ts';
import type { StepCall } from '../workflows/activities.ts';
import type { ActivityDeps } from './deps.ts';
import { runStep } from './running.ts';
import { recordedPipeline } from './tasks.ts';

/** Left of the step's time for recording what was seen. */
const marginSeconds = 10;

export function createObserveActivities(deps: ActivityDeps) {
  return {
    'flow.observe': ({ scope, step }: StepCall<'flow.observe'>) =>
      runStep(deps, { scope, id: step.id, label: step.label, looksOnly: true }, async (onWaiting) => {
        const record = recordedPipeline(deps, scope);
        const { verify } = record.plan.spec;
        const ingressUrl = record.endpoints[verify.ingressService];
        const apiUrl = record.endpoints[verify.apiService];
        if (!ingressUrl || !apiUrl) fail('INTERNAL', { reason: 'the plan has no ingress or no API' });
        const timeoutSeconds = step.timeoutSeconds - marginSeconds;
        const { name: pipeline } = scope;
        const { seenAtMs } = await passFirstEvent({ pipeline, verify, ingressUrl, apiUrl, timeoutSeconds, onWaiting });
        if (seenAtMs === undefined) fail('NOT_FLOWING', { pipeline, waited: `${timeoutSeconds} s` });
        deps.records.writePipeline({ ...record, firstEventMs: seenAtMs - scope.operation.requestedAtMs });
      }),
  };
}
