/** SQL that the plan can not tell to be wrong, and the runner refuses, before it asks for Kafka or a worker. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { sampleOf } from '../../../platform/frameworks/spark/sample.ts';
import { artifactsForTests } from './artifacts.ts';
import { start } from './runner.ts';
import { SparkPipeline } from './sparkPipeline.ts';

jest.setTimeout(300_000);

let pipeline: SparkPipeline;
beforeAll(async () => {
  pipeline = new SparkPipeline(await artifactsForTests(), 12310);
  pipeline.launch('master');
});
afterAll(async () => {
  await pipeline?.stop();
});

const { sql } = sampleOf();
const from = (job: string, table: string) => ({
  ...sql,
  [job]: sql[job]!.replace('FROM readings', `FROM (${table})`),
});
it.each([
  [
    'does not give the schema of its topic',
    { ...sql, high: sql.high!.replace('place, at, value, note', 'place, at, CAST(value AS STRING) AS value') },
    'job high: its SQL does not give the schema of topic sample.high',
    'column value is string, expected double; no column note',
  ],
  [
    'reads its topic twice',
    from('means', 'WITH r AS (SELECT * FROM readings) SELECT * FROM r UNION ALL SELECT * FROM r'),
    'job means: its SQL reads its topic more than once',
    'read it once',
  ],
  [
    'gives events of a real-time job other ids',
    from('high', "SELECT * EXCEPT (_event_id), concat('x', _event_id) AS _event_id FROM readings"),
    'job high: mode realtime hands events on under their own ids',
    'put that into a field',
  ],
])('refuses SQL that %s: code 3 and one line', async (_, wrong, ...words) => {
  const task = start(pipeline.driver(wrong), pipeline.spark.root);
  pipeline.tasks.set('driver', task);
  await once(task.process, 'exit');
  expect(task.process.exitCode).toBe(3);
  const [last] = readFileSync(task.logFile, 'utf8').trimEnd().split('\n').slice(-1);
  for (const each of words) expect(last).toContain(each);
});
