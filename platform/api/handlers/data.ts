/** What lies in a pipeline's topics and tables, read with the pipeline's own login; and its jobs. */

import type { TaskStatus } from '../../cluster/driver.ts';
import { lookInto, type PartitionRange, rangesOf } from '../../connectors/kafka/browse.ts';
import { fail } from '../../errors.ts';
import { physical } from '../../model/names.ts';
import type { PipelineRecord } from '../../model/records.ts';
import type { JobInfo, TopicInfo } from '../contract/data.ts';
import { loginOf, notFound, type Reach, recordOf } from '../reach.ts';
import type { Handlers } from './handler.ts';
import { deadLettersOf, messagesOf } from './messages.ts';

type Names = 'topics' | 'messages' | 'deadLetters' | 'tables' | 'rows' | 'jobs';

/** As activities/resources.ts makes dead-letter topics. */
const deadLetterRetentionMs = 7 * 86_400_000;
const deadEnding = '.dead';

export function dataHandlers(reach: Reach): Pick<Handlers, Names> {
  return {
    async topics({ params }) {
      const record = recordOf(reach, params.pipeline);
      const topics = topicsOf(record);
      const access = await loginOf(reach, record, 'kafka');
      const ranges = await rangesOf(
        access,
        topics.map(({ topic }) => topic),
      );
      return topics.map((each) => ({ ...each, partitions: [...(ranges.get(each.topic) ?? ([] as PartitionRange[]))] }));
    },
    async messages({ params, query }) {
      const record = recordOf(reach, params.pipeline);
      const found = topicNamed(record, params.topic ?? '');
      const records = await lookInto(await loginOf(reach, record, 'kafka'), { topic: found.topic, ...query });
      return messagesOf(records, found.isDeadLetter ? undefined : record.plan.spec.topics[found.name]?.schema);
    },
    async deadLetters({ params, query: { stage, ...looking } }) {
      const record = recordOf(reach, params.pipeline);
      const access = await loginOf(reach, record, 'kafka');
      const topics = topicsOf(record).filter(({ isDeadLetter }) => isDeadLetter);
      const looks = await Promise.all(topics.map(({ topic }) => lookInto(access, { topic, ...looking })));
      const letters = deadLettersOf(looks.flat()).filter((letter) => stage === undefined || letter.stage === stage);
      return letters.sort((one, other) => other.timestampMs - one.timestampMs).slice(0, looking.limit);
    },
    tables: ({ params }) => tablesOf(recordOf(reach, params.pipeline)),
    async rows({ params, query }) {
      const record = recordOf(reach, params.pipeline);
      const { tables } = record.plan.spec;
      const table = params.table ?? '';
      const spec = Object.hasOwn(tables, table) ? tables[table]! : undefined;
      if (spec === undefined) throw notFound('table', table, Object.keys(tables));
      const { limit, ...filters } = query;
      const { rowsOf } = await import('../../connectors/cassandra/browse.ts');
      const asked = { table: physical.table(table), spec, key: keyOf(filters), limit };
      const { rows, more } = await rowsOf(await loginOf(reach, record, 'cassandra'), asked);
      return { columns: Object.keys(spec.columns), rows: rows.map((row) => ({ ...row })), more };
    },
    async jobs({ params }) {
      const record = recordOf(reach, params.pipeline);
      const status = await reach.driver.status(driverTask(record)).catch(() => undefined);
      return jobsOf(record, status, reach);
    },
  };
}

type Topic = Omit<TopicInfo, 'partitions'>;

function topicsOf({ pipeline, plan }: PipelineRecord): Topic[] {
  return Object.entries(plan.spec.topics).flatMap(([name, { schema, retentionMs }]) => {
    const fields = Object.entries(schema.fields).map(([field, { type, nullable, doc }]) => ({
      name: field,
      type,
      nullable,
      doc,
    }));
    const dead = Math.max(retentionMs, deadLetterRetentionMs);
    return [
      { name, topic: physical.topic(pipeline, name), retentionMs, fields, isDeadLetter: false },
      {
        ...{ name: `${name}${deadEnding}`, topic: physical.deadLetterTopic(pipeline, name), retentionMs: dead },
        ...{ fields: [], isDeadLetter: true },
      },
    ];
  });
}

function topicNamed(record: PipelineRecord, asked: string): Topic {
  const topics = topicsOf(record);
  const found = topics.find(({ name, topic }) => name === asked || topic === asked);
  if (found === undefined)
    throw notFound(
      'topic',
      asked,
      topics.map(({ name }) => name),
    );
  return found;
}

function tablesOf({ plan }: PipelineRecord) {
  return Object.entries(plan.spec.tables).map(([name, { columns, partitionKey, clusteringKey, ttlSeconds }]) => {
    const keyKind = (column: string) =>
      partitionKey.includes(column)
        ? ('partition' as const)
        : clusteringKey.some((each) => each.column === column)
          ? ('clustering' as const)
          : null;
    const shown = Object.entries(columns).map(([column, { type }]) => ({ name: column, type, key: keyKind(column) }));
    return { name, table: physical.table(name), columns: shown, ttlSeconds: ttlSeconds || null };
  });
}

/** `key.COLUMN=value` of the query. Throws REQUEST_INVALID for anything else. */
function keyOf(filters: Readonly<Record<string, unknown>>): Record<string, string> {
  const entries = Object.entries(filters).map(([name, value]) => {
    if (!name.startsWith('key.') || typeof value !== 'string')
      fail('REQUEST_INVALID', { place: 'query', name, reason: 'rows are filtered by key.COLUMN=value, each once' });
    return [name.slice('key.'.length), value as string] as const;
  });
  return Object.fromEntries(entries);
}

function driverTask({ pipeline }: PipelineRecord): string {
  return physical.pipelineTask(pipeline, 'spark-driver', 0);
}

const jobStates = { running: 'running', backoff: 'starting', stopped: 'unknown', failed: 'failed' } as const;

function jobsOf(record: PipelineRecord, status: TaskStatus | undefined, { watcher }: Reach): JobInfo[] {
  const { spec, sql } = record.plan;
  const lag = watcher.lag(record.pipeline);
  return Object.entries(spec.jobs).map(([name, { mode, input, output }]) => {
    const hop = lag?.hops.find((each) => each.hop === name);
    return {
      ...{ name, mode, input: input.topic, output: output.topic, sql: sql[name] ?? '', task: driverTask(record) },
      state: status === undefined ? 'unknown' : jobStates[status.phase],
      reason: status?.reason ?? 'its task is not there',
      inputRatePerSecond: hop?.outRate ?? null,
      lagRecords: hop?.lagRecords ?? null,
    };
  });
}
