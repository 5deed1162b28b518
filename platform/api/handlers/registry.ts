import type { Reach } from '../reach.ts';
import { changeHandlers } from './changes.ts';
import { clusterHandlers } from './cluster.ts';
import { dataHandlers } from './data.ts';
import type { Handlers } from './handler.ts';
import { pipelineHandlers } from './pipelines.ts';
import { traceHandlers } from './traces.ts';

/** One for each route of the contract: the type says so. */
export function createHandlers(reach: Reach): Handlers {
  return {
    ...pipelineHandlers(reach),
    ...dataHandlers(reach),
    ...changeHandlers(reach),
    ...clusterHandlers(reach),
    ...traceHandlers(reach),
  };
}
