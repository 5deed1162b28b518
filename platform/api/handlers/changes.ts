/** What changes something: asked of the pipeline's workflow, as the command line does, and answered when the workflow has it. */
import { pipelineName } from '../../model/names.ts';
import type { ChangeRequest, DeployRequest, DestroyRequest } from '../../model/operations.ts';
import type { PipelineRecord } from '../../model/records.ts';
import { partOf, type Reach, recordOf, serviceOf } from '../reach.ts';
import type { Handlers } from './handler.ts';

type Names = 'deploy' | 'destroy' | 'stop' | 'start' | 'scale' | 'restart';

/** What only a change needs is loaded by the first one. */
export function changeHandlers(reach: Reach): Pick<Handlers, Names> {
  const named = ({ pipeline }: Readonly<Record<string, string>>) => recordOf(reach, pipeline);
  return {
    deploy: ({ body, nowMs }) => deploy(reach, { ...body, requestedAtMs: nowMs }),
    destroy: ({ params, nowMs }) => destroy(reach, named(params), nowMs),
    stop: ({ params, nowMs }) => change(reach, named(params), { change: 'stop', requestedAtMs: nowMs }),
    start: ({ params, nowMs }) => start(reach, named(params), nowMs),
    restart({ params, nowMs }) {
      const record = named(params);
      const service = partOf(record, params.service ?? '');
      return change(reach, record, { change: 'restart', service, requestedAtMs: nowMs });
    },
    async scale({ params, body, nowMs }) {
      const record = named(params);
      const asked = { [serviceOf(record, params.service ?? '')]: body.instances };
      const { scaleRequest } = await import('../../operate/scaleRequest.ts');
      return await reach.handOver('deploy', 'scale', record.pipeline, scaleRequest(record, asked, nowMs));
    },
  };
}

interface AskedDeploy extends Pick<DeployRequest, 'blueprint' | 'requestedAtMs'> {
  readonly name?: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
}

/** What stands against it is told before anything is asked for. Throws PLAN_REFUSED, PORT_TAKEN, UNKNOWN_BLUEPRINT … */
async function deploy(reach: Reach, { name, ...asked }: AskedDeploy) {
  const { makePlan, refuseEarly } = await import('../../operate/makePlan.ts');
  const { newOperationId } = await import('../../operate/carryOut.ts');
  const pipeline = pipelineName(name ?? asked.blueprint);
  refuseEarly(reach, await makePlan(reach, asked.blueprint, pipeline, asked.parameters));
  const id = newOperationId('deploy', pipeline);
  const request: Omit<DeployRequest, 'traceparent'> = { id, pipeline, ...asked };
  return await reach.handOver('deploy', 'deploy', pipeline, request);
}

async function destroy(reach: Reach, record: PipelineRecord, requestedAtMs: number) {
  const { newOperationId } = await import('../../operate/carryOut.ts');
  const { resumeServers } = await import('../../operate/resumeServers.ts');
  const { pipeline } = record;
  await resumeServers(reach.driver, record, false);
  const id = newOperationId('destroy', pipeline);
  const request: Omit<DestroyRequest, 'traceparent'> = { id, pipeline, keepData: false, requestedAtMs };
  return await reach.handOver('destroy', 'destroy', pipeline, request);
}

async function start(reach: Reach, record: PipelineRecord, requestedAtMs: number) {
  const { resumeFrameworks } = await import('../../operate/resumeServers.ts');
  const used = record.plan.frameworks.map(({ framework }) => framework);
  await resumeFrameworks(reach.driver, used);
  return await change(reach, record, { change: 'start', requestedAtMs });
}

type AskedChange = Pick<ChangeRequest, 'change' | 'service' | 'requestedAtMs'>;

async function change(reach: Reach, { pipeline }: PipelineRecord, asked: AskedChange) {
  const { newOperationId } = await import('../../operate/carryOut.ts');
  const id = newOperationId(asked.change, pipeline);
  return await reach.handOver('change', asked.change, pipeline, { id, pipeline, ...asked });
}
