/** What a removal left: found among what servers and machine hold, and what then becomes of the pipeline's record. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ActivityDeps } from '../../../platform/activities/deps.ts';
import { createPlanningActivities } from '../../../platform/activities/planning.ts';
import { entriesOf, type Found, remainsAsLedger } from '../../../platform/activities/remains.ts';
import { homeAt } from '../../../platform/home.ts';
import type { DestroyRequest } from '../../../platform/model/operations.ts';
import type { PipelineRecord } from '../../../platform/model/records.ts';
import { createRecords } from '../../../platform/records/records.ts';
import { createSecrets } from '../../../platform/secrets/secrets.ts';
import { configOf } from '../ingress/harness.ts';

/** Of another pipeline, of a framework or of the system: never a remainder of `delays`, however alike the names are. */
const others: Found = {
  tasks: [
    { id: 'delays-more.api.0', owner: { kind: 'pipeline', name: 'delays-more' } },
    { id: 'kafka.broker.0', owner: { kind: 'framework', name: 'kafka' } },
  ],
  directories: [
    { task: 'delays-more.api.0', path: '/home/data/delays-more.api.0', holds: 'data' },
    { task: 'kafka.broker.0', path: '/home/tasks/kafka.broker.0', holds: 'files' },
  ],
  topics: ['delays-more.flights', '__consumer_offsets'],
  groups: ['delays-more.sink'],
  grants: [{ user: 'pipeline-delays-more', resource: 'delays-more.' }],
  keyspaces: ['delays_more', 'delay'],
  roles: ['millrace_admin', 'pipeline_delays_more'],
  keys: ['delays-more:board', 'bull:delays-more.alerts:meta'],
};

/** One remainder of each kind, and what it is told as. */
const remainders: readonly (readonly [keyof Found, unknown, string, string])[] = [
  ['tasks', { id: 'delays.api.0', owner: { kind: 'pipeline', name: 'delays' } }, 'process', 'delays.api.0'],
  [
    'directories',
    { task: 'delays.api.0', path: '/h/tasks/delays.api.0', holds: 'files' },
    'directory',
    '/h/tasks/delays.api.0',
  ],
  [
    'directories',
    { task: 'delays.spark-driver.0', path: '/h/data/delays.spark-driver.0', holds: 'data' },
    'directory',
    '/h/data/delays.spark-driver.0',
  ],
  ['topics', 'delays.flights.dead', 'topic', 'delays.flights.dead'],
  ['groups', 'delays.store', 'consumer-group', 'delays.store'],
  ['grants', { user: 'pipeline-delays', resource: 'delays.' }, 'user', 'kafka/pipeline-delays'],
  ['grants', { user: 'somebody', resource: 'delays.' }, 'user', 'kafka/somebody'],
  ['keyspaces', 'delays', 'keyspace', 'delays'],
  ['roles', 'pipeline_delays', 'user', 'cassandra/pipeline_delays'],
  ['keys', 'bull:delays.alerts:12', 'queue', 'delays.alerts'],
  ['keys', 'delays:board', 'key', '1 keys of delays:*'],
];
/** These go with `--keep-data`, too. */
const alwaysGone = new Set(['process', 'user', '/h/tasks/delays.api.0']);

describe('what is left', () => {
  test('of others is nothing', () => {
    expect(remainsAsLedger(entriesOf('delays', others), false)).toEqual({ left: [], kept: [] });
  });

  test.each(remainders)('%s %j is told', (kind, remainder, told, name) => {
    const found = { ...others, [kind]: [...others[kind], remainder] };
    const entry = { kind: told, name, owner: 'delays' };
    expect(remainsAsLedger(entriesOf('delays', found), false)).toEqual({ left: [entry], kept: [] });
    const kept = { ...entry, why: expect.stringContaining('--keep-data') };
    const gone = alwaysGone.has(told) || alwaysGone.has(name);
    const expected = gone ? { left: [entry], kept: [] } : { left: [], kept: [kept] };
    expect(remainsAsLedger(entriesOf('delays', found), true)).toEqual(expected);
  });
});

describe('the end of a destroy', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'millrace-remains-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test('keeps the record while something is left, and forgets the pipeline once nothing is', async () => {
    const home = homeAt(root);
    const records = createRecords(home);
    records.writePipeline(recordOf('delays'));
    const data = join(home.dataDir, 'delays.spark-driver.0');
    mkdirSync(data, { recursive: true });
    const deps = { home, records, secrets: createSecrets(home.secretsDir), driver: { list: async () => [] } };
    const finish = createPlanningActivities(deps as unknown as ActivityDeps)['pipeline.finishTeardown'];
    const first = await finish(request, []);
    expect(first.ledger.left).toEqual([{ kind: 'directory', name: data, owner: 'delays' }]);
    expect(records.pipeline('delays')).toMatchObject({
      state: 'failed',
      error: { code: 'LEFT_BEHIND', message: expect.stringContaining(data) },
    });
    rmSync(data, { recursive: true });
    expect((await finish(request, [])).ledger.left).toEqual([]);
    expect(records.pipeline('delays')).toBeUndefined();
    expect(existsSync(join(home.secretsDir, 'pipeline-delays'))).toBe(false);
  });
});

const request: DestroyRequest = {
  ...{ id: 'destroy-delays-1', traceparent: '', requestedAtMs: 0, pipeline: 'delays', keepData: false },
};

function recordOf(pipeline: string): PipelineRecord {
  const plan = {
    ...{ format: 'millrace/plan/1', pipeline, blueprint: 'flight-delays', revision: 1, parameters: {}, sql: {} },
    ...{ spec: configOf().spec, taskRevisions: {}, changes: [], data: [], placements: [], phases: [], frameworks: [] },
  };
  return {
    ...{ format: 'millrace/pipeline/1', pipeline, blueprint: 'flight-delays', revision: 1, operation: 'deploy-1' },
    ...{ state: 'destroying', endpoints: {}, plan },
  } as unknown as PipelineRecord;
}
