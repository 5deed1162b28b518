/** Checks that everything a blueprint wires by name is there and fits. Every fault is named, not only the first. */
import type { BlueprintSpec, FlowSpec, JobSpec, ServiceSpec, TopicSpec } from '../model/blueprint.ts';
import type { Reason } from '../model/cluster.ts';
import { mustBeField, mustExist, mustMatch, mustPass, suggestion } from './fields.ts';
import { checkJobSql } from './jobSql.ts';
import { checkObjectives } from './objectives.ts';
import { fault, faultAt } from './reasons.ts';
import { selectList } from './selectList.ts';
import { checkTable } from './tables.ts';

/** `sql` holds the text of each job's SQL file. Undefined: nothing is wrong. */
export function checkWiring(spec: BlueprintSpec, sql: Readonly<Record<string, string>>): Reason | undefined {
  const faults = [
    ...each(spec.topics, (name, topic) => checkTopic(`topics.${name}`, topic)),
    ...each(spec.tables, (name, table) => checkTable(`tables.${name}`, table)),
    ...each(spec.services, (name, service) => checkService(`services.${name}`, service, spec)),
    ...each(spec.jobs, (name, job) => checkJob(`jobs.${name}`, job, spec, sql[name])),
    ...each(spec.flows, (name, flow) => checkFlow(`flows.${name}`, flow, spec)),
    ...checkGroups(spec),
    ...checkObjectives(spec),
    ...checkVerify(spec),
  ];
  return faults.length === 0 ? undefined : fault(`blueprint ${spec.name} is not wired`, faults);
}

function each<T>(items: Readonly<Record<string, T>>, check: (name: string, item: T) => Reason[]): Reason[] {
  return Object.entries(items).flatMap(([name, item]) => check(name, item));
}

function checkTopic(path: string, { key, schema }: TopicSpec): Reason[] {
  return mustBeField(`${path}.key`, key, schema);
}

function checkService(path: string, { runs }: ServiceSpec, spec: BlueprintSpec): Reason[] {
  return runs.kind === 'ingress' ? mustExist(`${path}.runs.topic`, 'topic', runs.topic, spec.topics) : [];
}

function checkJob(path: string, job: JobSpec, spec: BlueprintSpec, sql: string | undefined): Reason[] {
  const reasons = [
    ...mustExist(`${path}.input.topic`, 'topic', job.input.topic, spec.topics),
    ...mustExist(`${path}.output.topic`, 'topic', job.output.topic, spec.topics),
    ...each(job.references, (view, dataset) =>
      mustExist(`${path}.references.${view}`, 'dataset', dataset, spec.datasets),
    ),
  ];
  reasons.push(...checkState(`${path}.input`, job));
  if (sql === undefined) return [...reasons, faultAt(`${path}.sqlFile`, `${job.sqlFile} was not read`)];
  reasons.push(...checkJobSql(`${path}.sqlFile`, job, sql));
  const output = spec.topics[job.output.topic];
  return output === undefined ? reasons : [...reasons, ...checkSelectList(`${path}.sqlFile`, job.sqlFile, sql, output)];
}

/** What Spark would refuse at its start, or silently not do. */
function checkState(path: string, { mode, input }: JobSpec): Reason[] {
  const keeps = input.deduplicate || input.watermarkMs > 0;
  if (mode === 'realtime' && keeps)
    return [faultAt(path, 'a realtime job keeps no state: leave watermarkMs and deduplicate out, or use micro-batch')];
  if (input.deduplicate && input.watermarkMs === 0)
    return [
      faultAt(`${path}.deduplicate`, 'needs a watermark: set watermarkMs, within which repeated events are dropped'),
    ];
  return [];
}

/** The query must answer the fields of the output topic and, beside them, only names of the envelope (`_…`). */
function checkSelectList(path: string, file: string, sql: string, { schema }: TopicSpec): Reason[] {
  const list = selectList(sql);
  if (!list.ok) return [faultAt(path, `${file}: ${list.reason}`)];
  const fields = Object.keys(schema.fields);
  const lacking = fields.filter((field) => !list.names.includes(field));
  const extra = list.names.filter((name) => !name.startsWith('_') && !fields.includes(name));
  return [
    ...lacking.map((field) => faultAt(path, `${file} selects no "${field}", a field of ${schema.name}`)),
    ...extra.map((name) =>
      faultAt(path, `${file} selects "${name}", no field of ${schema.name}${suggestion(name, lacking)}`),
    ),
  ];
}

function checkFlow(path: string, flow: FlowSpec, spec: BlueprintSpec): Reason[] {
  if (flow.from.kind === 'dataset') return checkFeed(path, flow.from.dataset, flow.to, spec);
  const topic = Object.hasOwn(spec.topics, flow.from.topic) ? spec.topics[flow.from.topic] : undefined;
  if (topic === undefined) return mustExist(`${path}.from.topic`, 'topic', flow.from.topic, spec.topics);
  return checkSink(path, flow.to, topic, spec);
}

function checkFeed(path: string, dataset: string, to: FlowSpec['to'], spec: BlueprintSpec): Reason[] {
  const reasons = mustExist(`${path}.from.dataset`, 'dataset', dataset, spec.datasets);
  if (to.kind !== 'ingress') {
    return [...reasons, faultAt(`${path}.to`, `a dataset is fed through an ingress, not straight to ${to.kind}`)];
  }
  const topic = ingressTopic(to.service, spec);
  if (typeof topic === 'string') return [...reasons, faultAt(`${path}.to.service`, topic)];
  const fields = spec.datasets[dataset]?.fields;
  return fields === undefined ? reasons : mustMatch(`datasets.${dataset}.fields`, fields, topic.schema);
}

function checkSink(path: string, to: FlowSpec['to'], { schema }: TopicSpec, spec: BlueprintSpec): Reason[] {
  if (to.kind === 'ingress') return [faultAt(`${path}.to`, 'only a dataset can be fed to an ingress')];
  if (to.kind === 'cassandra') return checkStore(path, to, schema, spec);
  const where = to.where === undefined ? [] : mustBeField(`${path}.to.where`, to.where, schema, ['boolean']);
  if (to.kind === 'bullmq') return where;
  return [
    ...mustBeField(`${path}.to.member`, to.member, schema),
    ...mustBeField(`${path}.to.score`, to.score, schema, ['int', 'long', 'double', 'timestamp']),
    ...mustBeField(`${path}.to.version`, to.version, schema, ['int', 'long', 'double', 'timestamp']),
    ...where,
  ];
}

type Store = Extract<FlowSpec['to'], { kind: 'cassandra' }>;

/** Every column is a field of the same type; every field has a column, or is left out on purpose. */
function checkStore(path: string, to: Store, schema: TopicSpec['schema'], spec: BlueprintSpec): Reason[] {
  const table = Object.hasOwn(spec.tables, to.table) ? spec.tables[to.table] : undefined;
  if (table === undefined) return mustExist(`${path}.to.table`, 'table', to.table, spec.tables);
  const lost = Object.keys(schema.fields).filter(
    (name) => !Object.hasOwn(table.columns, name) && !to.omit.includes(name),
  );
  return [
    ...each(table.columns, (name, { type }) => mustBeField(`tables.${to.table}.columns.${name}`, name, schema, [type])),
    ...to.omit.flatMap((name) => mustExist(`${path}.to.omit`, `field of ${schema.name}`, name, schema.fields)),
    ...lost.map((name) =>
      faultAt(
        `${path}.to.table`,
        `field "${name}" of ${schema.name} has no column in ${to.table}; add one, or name it in omit`,
      ),
    ),
  ];
}

/** A feed waits for what the others make ready, so it can't share their process; nor can a service share its name. */
function checkGroups(spec: BlueprintSpec): Reason[] {
  const groups = [...new Set(Object.values(spec.flows).map(({ group }) => group))];
  return groups.flatMap((group) => {
    const kinds = new Set(Object.values(spec.flows).flatMap((flow) => (flow.group === group ? [flow.from.kind] : [])));
    const mixed =
      kinds.size > 1 ? [faultAt(`flows (group ${group})`, 'flows from a dataset need a group of their own')] : [];
    const named = Object.hasOwn(spec.services, group) || group === 'spark-driver';
    return named ? [...mixed, faultAt(`flows (group ${group})`, 'the group has the name of another task')] : mixed;
  });
}

function checkVerify({ verify, ...spec }: BlueprintSpec): Reason[] {
  const reasons = mustExist('verify.apiService', 'service', verify.apiService, spec.services);
  const topic = ingressTopic(verify.ingressService, spec);
  if (typeof topic === 'string') return [...reasons, faultAt('verify.ingressService', topic)];
  return [...reasons, ...mustPass('verify.event', verify.event, topic.schema)];
}

/** The topic an ingress service writes to, or what is wrong. */
function ingressTopic(service: string, spec: Pick<BlueprintSpec, 'services' | 'topics'>): TopicSpec | string {
  const runs = Object.hasOwn(spec.services, service) ? spec.services[service]?.runs : undefined;
  if (runs === undefined) return `there is no service "${service}"${suggestion(service, Object.keys(spec.services))}`;
  if (runs.kind !== 'ingress') return `service "${service}" is no ingress`;
  const topic = Object.hasOwn(spec.topics, runs.topic) ? spec.topics[runs.topic] : undefined;
  return topic ?? `its topic "${runs.topic}" does not exist`;
}
