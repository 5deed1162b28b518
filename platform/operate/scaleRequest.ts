import type { DeployRequest } from '../model/operations.ts';
import type { PipelineRecord } from '../model/records.ts';
import { newOperationId } from './carryOut.ts';

/** A scale is the next revision, with what the last one was deployed with. `instances`: by service. */
export function scaleRequest(
  { pipeline, blueprint, plan }: PipelineRecord,
  instances: Readonly<Record<string, number>>,
  requestedAtMs: number,
): Omit<DeployRequest, 'traceparent'> {
  const { parameters, sabotage } = plan;
  const id = newOperationId('scale', pipeline);
  const broken = sabotage === undefined ? {} : { sabotage };
  return { id, pipeline, blueprint, parameters, requestedAtMs, scale: instances, ...broken };
}
