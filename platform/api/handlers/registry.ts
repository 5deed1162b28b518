import type { Reach } from '../reach.ts';
import { changeHandlers } from './changes.ts';
import { clusterHandlers } from './cluster.ts';
import { dataHandlers } from './data.ts';
import type { Handlers } from './handler.ts';
import { operationHandlers } from './operations.ts';
import { pipelineHandlers } from './pipelines.ts';
import { planHandlers } from './plans.ts';
import { telemetryHandlers } from './telemetry.ts';
import { traceHandlers } from './traces.ts';

/** One for each route of the contract: the type says so. */
export function createHandlers(reach: Reach): Handlers {
  return {
    ...pipelineHandlers(reach),
    ...dataHandlers(reach),
    ...planHandlers(reach),
    ...changeHandlers(reach),
    ...operationHandlers(reach),
    ...clusterHandlers(reach),
    ...traceHandlers(reach),
    ...telemetryHandlers(reach),
  };
}
