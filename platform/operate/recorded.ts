/** Recorded pipelines by name, and the administrator's connection to this home's Kafka. */
import { fail } from '../errors.ts';
import { connectKafkaAdmin, type KafkaAdmin } from '../frameworks/kafka/admin.ts';
import type { KafkaOptions } from '../frameworks/kafka/spec.ts';
import { frameworks, optionsOf } from '../frameworks/registry.ts';
import { pipelineName } from '../model/names.ts';
import type { PipelineRecord } from '../model/records.ts';
import { createRecords, namesOf } from '../records/records.ts';
import { createSecrets } from '../secrets/secrets.ts';
import type { Operating } from './operating.ts';

/** Throws UNKNOWN_PIPELINE. */
export function pipelineOf({ home }: Pick<Operating, 'home'>, name: string): PipelineRecord {
  const records = createRecords(home);
  pipelineName(name);
  return records.pipeline(name) ?? fail('UNKNOWN_PIPELINE', { name, known: namesOf(records.readablePipelines()) });
}

/** Runs `work` with the connection and closes it. Throws NOT_INSTALLED, SERVER_UNREACHABLE, WRONG_IDENTITY. */
export async function withKafkaOf<T>(
  { home }: Pick<Operating, 'home'>,
  work: (admin: KafkaAdmin) => Promise<T>,
): Promise<T> {
  const record = createRecords(home).framework('kafka') ?? fail('NOT_INSTALLED', { framework: 'kafka' });
  const secrets = createSecrets(home.secretsDir);
  const admin = await connectKafkaAdmin({
    options: optionsOf(frameworks.kafka, record.plan.options) as KafkaOptions,
    placements: record.plan.placements,
    identity: record.identity,
    secret: (name) => secrets.get('kafka', name),
  });
  return await work(admin).finally(() => admin.close());
}
