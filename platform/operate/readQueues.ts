/** How full a pipeline's queues are, read with the pipeline's own login. */
import { pipelineAccess } from '../activities/access.ts';
import { readQueueDepths } from '../connectors/bullmq/depth.ts';
import { fail } from '../errors.ts';
import { physical } from '../model/names.ts';
import type { ReadQueues } from '../observe/queues.ts';
import type { Records } from '../records/records.ts';
import type { Secrets } from '../secrets/secrets.ts';

/** The answer throws NOT_INSTALLED, WRONG_IDENTITY, and whatever Redis fails with. */
export function queueReader(deps: { readonly records: Records; readonly secrets: Secrets }): ReadQueues {
  return async (pipeline, queues) => {
    const { redis = fail('NOT_INSTALLED', { framework: 'redis' }) } = await pipelineAccess(deps, pipeline, ['redis']);
    const names = queues.map((queue) => physical.queue(pipeline, queue));
    const depths = await readQueueDepths(redis, names, Date.now());
    return depths.map((depth, at) => ({ ...depth, name: queues[at]! }));
  };
}
