/** Who uses a framework after an installation that failed, on records that are really on disk. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ActivityDeps } from '../../../platform/activities/deps.ts';
import { createFrameworkActivities } from '../../../platform/activities/frameworks.ts';
import { homeAt } from '../../../platform/home.ts';
import type { EnsureRequest } from '../../../platform/model/operations.ts';
import type { PipelineRecord } from '../../../platform/model/records.ts';
import { createRecords, type Records } from '../../../platform/records/records.ts';
import { configOf } from '../ingress/harness.ts';

let root: string;
let records: Records;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'millrace-users-'));
  records = createRecords(homeAt(root));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const plan = { framework: 'kafka', action: 'install', version: '1', options: {}, placements: [], phases: [] } as const;

function kafkaUsedBy(...users: string[]): void {
  records.writeFramework({
    ...{ format: 'millrace/framework/1', framework: 'kafka', state: 'running', plan, identity: 'a' },
    ...{ installedBy: 'deploy-delays-1', users },
  });
}

const planned = {
  ...{ format: 'millrace/plan/1', pipeline: 'delays', blueprint: 'flight-delays', parameters: {} },
  ...{ spec: configOf().spec, sql: {}, taskRevisions: {}, changes: [], data: [], placements: [], phases: [] },
};

function revision(number: number, frameworks: readonly unknown[]): void {
  const record = {
    ...{ format: 'millrace/pipeline/1', pipeline: 'delays', blueprint: 'flight-delays', revision: number },
    ...{
      operation: `deploy-delays-${number}`,
      state: 'flowing',
      endpoints: {},
      plan: { ...planned, revision: number, frameworks },
    },
  };
  records.writePipeline(record as unknown as PipelineRecord);
}

const request = (number: number): EnsureRequest => ({
  ...{ id: `deploy-delays-${number}`, traceparent: '', requestedAtMs: 0 },
  ...{ framework: 'kafka', pipeline: 'delays', revision: number },
});

const failed = (number: number) =>
  createFrameworkActivities({ records } as unknown as ActivityDeps)['framework.fail'](request(number));

test('a second revision that fails leaves the pipeline among the users of what its first one uses', async () => {
  revision(1, [plan]);
  revision(2, [plan]);
  kafkaUsedBy('delays', 'other');
  await failed(2);
  expect(records.framework('kafka')?.users).toEqual(['delays', 'other']);
});

test('a revision that was the first to use a framework is taken off its users when it fails', async () => {
  revision(1, []);
  revision(2, [plan]);
  kafkaUsedBy('delays', 'other');
  await failed(2);
  expect(records.framework('kafka')?.users).toEqual(['other']);
});

test('so is a first revision', async () => {
  kafkaUsedBy('delays', 'other');
  await failed(5);
  expect(records.framework('kafka')?.users).toEqual(['other']);
});
