/** What a change would do, said before it is done. */
import { availableParallelism } from 'node:os';
import { cpusPerCore } from '../../cluster/cluster-file.ts';
import { fail } from '../../errors.ts';
import { pipelineName } from '../../model/names.ts';
import type { PipelineRecord } from '../../model/records.ts';
import { type Change, consequencesOf } from '../../operate/consequences.ts';
import { renderPlan } from '../../plan/render.ts';
import { nextScale } from '../../plan/scale.ts';
import { partOf, type Reach, recordOf, serviceOf } from '../reach.ts';
import type { Handlers } from './handler.ts';

export function planHandlers(reach: Reach): Pick<Handlers, 'preview' | 'parameters' | 'consequences'> {
  return {
    async preview({ body: { blueprint, name, parameters } }) {
      const { makePlan } = await import('../../operate/makePlan.ts');
      const outcome = await makePlan(reach, blueprint, pipelineName(name ?? blueprint), parameters);
      const capabilities = await reach.driver.capabilities();
      const machine = { capabilities, cores: availableParallelism(), cpusPerCore };
      return { refused: 'refused' in outcome, text: renderPlan(outcome, machine), plan: outcome };
    },
    parameters({ params }) {
      const { pipeline, blueprint, revision, plan } = recordOf(reach, params.pipeline);
      return { pipeline, blueprint, revision, parameters: { ...plan.parameters } };
    },
    consequences({ params, query }) {
      const record = recordOf(reach, params.pipeline);
      const { title, lines, confirm } = consequencesOf(record, changeOf(record, query));
      return { title, lines: [...lines], confirm };
    },
  };
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
