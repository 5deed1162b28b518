import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { pipelineHandlers } from '../../../platform/api/handlers/pipelines.ts';
import { isRecorded, type Reach } from '../../../platform/api/reach.ts';
import { homeAt } from '../../../platform/home.ts';
import { createRecords } from '../../../platform/records/records.ts';
import { deployed, inputOf, planned } from '../plan/world.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-recorded-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('a pipeline that was destroyed is not listed, whatever the observer saw of it last', () => {
  const records = createRecords(homeAt(directory));
  records.writePipeline(deployed(inputOf(), planned(inputOf())).current!);
  // The observer's view is a second old.
  const watcher = { summaries: () => [{ pipeline: 'pp', state: 'destroying' }] };
  const { pipelines } = pipelineHandlers({ records, watcher } as unknown as Reach);
  const listed = () => (pipelines as unknown as () => readonly unknown[])();
  expect(listed()).toHaveLength(1);
  records.removePipeline('pp');
  expect(listed()).toEqual([]);
});

test('one whose record can not be read is still told of', () => {
  const home = homeAt(directory);
  const records = createRecords(home);
  records.writePipeline(deployed(inputOf(), planned(inputOf())).current!);
  writeFileSync(join(home.pipelinesDir, 'pp', 'pipeline.json'), '{');
  expect(() => records.pipeline('pp')).toThrow(expect.objectContaining({ code: 'CORRUPT_STATE' }));
  expect(isRecorded({ records }, 'pp')).toBe(true);
});
