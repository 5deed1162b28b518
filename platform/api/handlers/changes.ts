/** What changes something: asked of the pipeline's workflow, as the command line does, and answered when the workflow has it. */
import { availableParallelism } from 'node:os';
import { cpusPerCore } from '../../cluster/cluster-file.ts';
import { fail } from '../../errors.ts';
import { pipelineName } from '../../model/names.ts';
import type { ChangeRequest, DeployRequest, DestroyRequest } from '../../model/operations.ts';
import type { PipelineRecord } from '../../model/records.ts';
import { type Change, consequencesOf } from '../../operate/consequences.ts';
import { listOperations, operationView } from '../../operate/operations.ts';
import { renderPlan } from '../../plan/render.ts';
import { nextScale } from '../../plan/scale.ts';
import type { OperationView } from '../contract/control.ts';
import { notFound, type Reach, recordOf } from '../reach.ts';
import type { Handlers } from './handler.ts';

type Names =
  | ('deploy' | 'destroy' | 'stop' | 'start' | 'scale' | 'restart' | 'preview' | 'consequences')
  | ('operations' | 'operation' | 'cancelOperation');

const listed = 100;

export function changeHandlers(reach: Reach): Pick<Handlers, Names> {
  const { home, driver } = reach;
  const view = (operation: OperationView) => ({
    ...operation,
    workflowUrl: reach.workflowUrl(operation.pipeline),
  });
  const operationOf = (id: string) => {
    const known = () => listOperations(home, listed).map((each) => each.id);
    const found = /^[a-z0-9-]{1,120}$/.test(id) ? operationView(home, id) : undefined;
    if (found === undefined) throw notFound('operation', id, known());
    return found;
  };
  const change = async (record: PipelineRecord, what: ChangeRequest['change'], nowMs: number, service?: string) => {
    const { newOperationId } = await import('../../operate/carryOut.ts');
    const { pipeline } = record;
    const request = { id: newOperationId(what, pipeline), pipeline, change: what, requestedAtMs: nowMs };
    return await reach.handOver('change', what, pipeline, service === undefined ? request : { ...request, service });
  };
  return {
    async preview({ body }) {
      const { makePlan } = await import('../../operate/makePlan.ts');
      const outcome = await makePlan(reach, body.blueprint, pipelineName(body.name ?? body.blueprint), body.parameters);
      const machine = { capabilities: await driver.capabilities(), cores: availableParallelism(), cpusPerCore };
      return { refused: 'refused' in outcome, text: renderPlan(outcome, machine), plan: outcome };
    },
    async deploy({ body, nowMs }) {
      const { makePlan, refuseEarly } = await import('../../operate/makePlan.ts');
      const { newOperationId } = await import('../../operate/carryOut.ts');
      const { blueprint, parameters } = body;
      const pipeline = pipelineName(body.name ?? blueprint);
      refuseEarly(reach, await makePlan(reach, blueprint, pipeline, parameters));
      const id = newOperationId('deploy', pipeline);
      const request: Omit<DeployRequest, 'traceparent'> = { id, pipeline, blueprint, parameters, requestedAtMs: nowMs };
      return await reach.handOver('deploy', 'deploy', pipeline, request);
    },
    async destroy({ params, nowMs }) {
      const record = recordOf(reach, params.pipeline);
      const { newOperationId } = await import('../../operate/carryOut.ts');
      const { resumeServers } = await import('../../operate/resumeServers.ts');
      const { pipeline } = record;
      await resumeServers(driver, record, false);
      const request: Omit<DestroyRequest, 'traceparent'> = {
        ...{ id: newOperationId('destroy', pipeline), pipeline },
        ...{ keepData: false, requestedAtMs: nowMs },
      };
      return await reach.handOver('destroy', 'destroy', pipeline, request);
    },
    stop: ({ params, nowMs }) => change(recordOf(reach, params.pipeline), 'stop', nowMs),
    async start({ params, nowMs }) {
      const record = recordOf(reach, params.pipeline);
      const { resumeFrameworks } = await import('../../operate/resumeServers.ts');
      const used = record.plan.frameworks.map(({ framework }) => framework);
      await resumeFrameworks(driver, used);
      return await change(record, 'start', nowMs);
    },
    restart({ params, nowMs }) {
      const record = recordOf(reach, params.pipeline);
      return change(record, 'restart', nowMs, partOf(record, params.service ?? ''));
    },
    async scale({ params, body, nowMs }) {
      const record = recordOf(reach, params.pipeline);
      const asked = { [serviceOf(record, params.service ?? '')]: body.instances };
      const { scaleRequest } = await import('../../operate/scaleRequest.ts');
      return await reach.handOver('deploy', 'scale', record.pipeline, scaleRequest(record, asked, nowMs));
    },
    consequences({ params, query }) {
      const record = recordOf(reach, params.pipeline);
      const { title, lines, confirm } = consequencesOf(record, changeOf(record, query));
      return { title, lines: [...lines], confirm };
    },
    operations: () => listOperations(home, listed).map(view),
    operation: ({ params }) => view(operationOf(params.operation ?? '')),
    async cancelOperation({ params }) {
      const { id, pipeline, kind, state } = operationOf(params.operation ?? '');
      if (state !== 'running' || !['deploy', 'scale'].includes(kind)) {
        const reason = state === 'running' ? `a ${kind} can not be rolled back` : `it has ended: ${state}`;
        fail('NOT_SUPPORTED', { what: `Cancelling ${id}`, reason, help: 'Wait for it, or ask for another change.' });
      }
      await reach.cancel(pipeline, id);
      return { operation: id };
    },
  };
}

/** Throws API_NOT_FOUND. */
function serviceOf({ plan }: PipelineRecord, service: string): string {
  const known = Object.keys(plan.spec.services);
  if (!known.includes(service)) throw notFound('service', service, known);
  return service;
}

/** A service, or another part that has tasks of its own (a group of flows, the Spark driver). Throws API_NOT_FOUND. */
function partOf({ pipeline, plan }: PipelineRecord, part: string): string {
  const groups = plan.placements.map(({ demand }) => demand.group);
  const known = [
    ...new Set(
      groups.filter((group) => group.startsWith(`${pipeline}.`)).map((group) => group.slice(pipeline.length + 1)),
    ),
  ];
  if (!known.includes(part)) throw notFound('service', part, known);
  return part;
}

interface AskedChange {
  readonly change: 'destroy' | 'stop' | 'restart' | 'scale';
  readonly service?: string | undefined;
  readonly instances?: number | undefined;
}

/** Throws REQUEST_INVALID, API_NOT_FOUND, UNKNOWN_SERVICE. */
function changeOf(record: PipelineRecord, { change, service, instances }: AskedChange): Change {
  if (change === 'restart') return { change, service: service === undefined ? undefined : partOf(record, service) };
  if (change !== 'scale') return { change };
  if (service === undefined || instances === undefined)
    return fail('REQUEST_INVALID', { place: 'query', name: 'service', reason: 'a scale names service and instances' });
  nextScale(record.pipeline, record.plan.spec, { [serviceOf(record, service)]: instances });
  return { change, service, instances };
}
