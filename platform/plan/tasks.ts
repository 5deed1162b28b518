/** The tasks that a pipeline is made of and what each asks of the cluster. */
import type { BlueprintSpec, FlowSpec, ServiceSpec } from '../model/blueprint.ts';
import type { TaskDemand } from '../model/cluster.ts';
import { physical } from '../model/names.ts';

/** A flow group: a Node process that moves JSON from one server to another. */
const flowResources = { cpus: 0.25, memoryMiB: 160, diskMiB: 16, gpus: 0 };

export interface PipelineTask {
  readonly demand: TaskDemand;
  /** Name of the service or flow group, or `spark-driver`. */
  readonly part: string;
  readonly role: 'service' | 'sinks' | 'feed' | 'spark-driver';
}

/** In the order services, sinks, Spark driver, feeds. `driver`: the demand of the Spark driver, if there are jobs. */
export function pipelineTasks(pipeline: string, spec: BlueprintSpec, driver: TaskDemand | undefined): PipelineTask[] {
  const groups = flowGroups(spec);
  const flows = (role: 'sinks' | 'feed') =>
    Object.entries(groups)
      .filter(([, each]) => isFeed(each) === (role === 'feed'))
      .map(([group]): PipelineTask => ({ demand: flowDemand(pipeline, group), part: group, role }));
  return [
    ...Object.entries(spec.services).flatMap(([name, service]) => serviceTasks(pipeline, name, service)),
    ...flows('sinks'),
    ...(driver === undefined ? [] : [{ demand: driver, part: 'spark-driver', role: 'spark-driver' } as const]),
    ...flows('feed'),
  ];
}

/** The flows of each group, by the group's name. */
export function flowGroups(spec: BlueprintSpec): Record<string, Record<string, FlowSpec>> {
  const groups: Record<string, Record<string, FlowSpec>> = {};
  for (const [name, flow] of Object.entries(spec.flows)) {
    const group = groups[flow.group] ?? {};
    group[name] = flow;
    groups[flow.group] = group;
  }
  return groups;
}

/** A group that sends a dataset: it starts last, when everything that its events pass is ready. */
export function isFeed(flows: Readonly<Record<string, FlowSpec>>): boolean {
  return Object.values(flows).some(({ from }) => from.kind === 'dataset');
}

function serviceTasks(pipeline: string, name: string, service: ServiceSpec): PipelineTask[] {
  const serves = service.endpoint !== undefined;
  return Array.from({ length: service.instances }, (_, instance) => ({
    part: name,
    role: 'service',
    demand: {
      task: physical.pipelineTask(pipeline, name, instance),
      owner: { kind: 'pipeline', name: pipeline },
      group: `${pipeline}.${name}`,
      // Instances with an endpoint share its port, and with it the node.
      spread: !serves,
      resources: service.resources,
      ports: serves ? ['health', 'service'] : ['health'],
      ...(serves ? { sharedPorts: ['service'] } : {}),
    },
  }));
}

function flowDemand(pipeline: string, group: string): TaskDemand {
  return {
    task: physical.pipelineTask(pipeline, group, 0),
    owner: { kind: 'pipeline', name: pipeline },
    group: `${pipeline}.${group}`,
    spread: false,
    resources: flowResources,
    ports: ['health'],
  };
}
