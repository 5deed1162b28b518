/** A pipeline of two small jobs, for the run that makes the class-data archive. */
import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import type { KafkaAccess } from '../../connectors/config.ts';
import { blueprintSpec } from '../../model/blueprint.ts';
import type { RunnerJobsInput } from './runner-config.ts';

const pipeline = 'sample';

export const sampleTopics = ['readings', 'high', 'means', 'readings.dead'].map((topic) => `${pipeline}.${topic}`);

const reading = {
  place: { type: 'string' },
  at: { type: 'timestamp' },
  value: { type: 'double' },
  note: { type: 'string', nullable: true },
} as const;
const mean = {
  place: { type: 'string' },
  name: { type: 'string', nullable: true },
  start: { type: 'timestamp' },
  readings: { type: 'long' },
  mean: { type: 'double' },
} as const;

const sql = {
  high: `SELECT _key, _event_id, _event_time, _traceparent, _pathway, _ingested_at, place, at, value, note
    FROM readings WHERE value >= 10`,
  means: `
    SELECT m.place, p.name, m.start, m.readings, m.mean, m._event_time, m._traceparent, m._ingested_at,
      concat(m.place, '@', date_format(m.start, 'yyyyMMddHHmm')) AS _event_id
    FROM (
      SELECT place, window.start AS start, count(*) AS readings, avg(value) AS mean, max(_event_time) AS _event_time,
        max_by(_traceparent, _event_time) AS _traceparent, max(_ingested_at) AS _ingested_at
      FROM readings GROUP BY window(_event_time, '15 minutes'), place
    ) m LEFT JOIN places p ON p.place = m.place`,
};

const checkpointOf = (query: string, stateful: boolean) => {
  return { shape: '1', topic: 'readings', stateful, deadLetters: !stateful, directory: `${query}.1`, from: [] };
};
const checkpoints = { high: checkpointOf('high', false), means: checkpointOf('means', true) };

export function sampleOf(): RunnerJobsInput & { readonly datasets: Readonly<Record<string, string>> } {
  const spec = blueprintSpec.parse({
    name: pipeline,
    title: 'Sample',
    description: 'Two jobs over readings',
    topics: {
      readings: { schema: { name: 'reading', fields: reading }, partitions: 2 },
      high: { schema: { name: 'high', fields: reading }, partitions: 2 },
      means: { schema: { name: 'mean', fields: mean }, partitions: 2, key: 'place' },
    },
    datasets: {
      places: {
        npmPackage: 'none',
        file: 'none',
        format: 'json',
        fields: { place: { type: 'string', from: 'place' }, name: { type: 'string', from: 'name' } },
      },
    },
    jobs: {
      high: { sqlFile: 'high.sql', mode: 'realtime', input: { topic: 'readings' }, output: { topic: 'high' } },
      means: {
        sqlFile: 'means.sql',
        mode: 'micro-batch',
        input: { topic: 'readings', watermarkMs: 60_000, deduplicate: true },
        references: { places: 'places' },
        output: { topic: 'means' },
        triggerMs: 500,
      },
    },
    services: {},
    verify: {
      ingressService: 'none',
      apiService: 'none',
      eventType: 'none',
      event: {},
      readBackPath: '/',
      countPath: '/',
    },
  });
  const datasets = { places: `${JSON.stringify({ place: 'here', name: 'Here' })}\n` };
  return { pipeline, spec, sql, checkpoints, datasets };
}

/** Some good records, one that is not JSON. */
export async function produceSample({ brokers, username, password, mechanism }: KafkaAccess): Promise<void> {
  const kafka = new Kafka({
    brokers: [...brokers],
    sasl: { mechanism, username, password },
    logLevel: logLevel.NOTHING,
  });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  try {
    await producer.connect();
    const at = new Date().toISOString();
    const value = JSON.stringify({ place: 'here', at, value: 11.5, note: null });
    const values = [...Array.from({ length: 20 }, () => value), 'not JSON'];
    const messages = values.map((each) => ({
      key: 'here',
      value: each,
      headers: { ce_id: randomUUID(), ce_time: at },
    }));
    await producer.send({ topic: `${pipeline}.readings`, acks: -1, messages });
  } finally {
    await producer.disconnect();
  }
}
