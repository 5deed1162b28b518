/** A launch waits for the records of its frameworks, on records that are really on disk. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { untilRecorded } from '../../../platform/activities/recorded.ts';
import { homeAt } from '../../../platform/home.ts';
import type { FrameworkRecord } from '../../../platform/model/records.ts';
import { createRecords, type Records } from '../../../platform/records/records.ts';

let root: string;
let records: Records;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'millrace-recorded-'));
  records = createRecords(homeAt(root));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const record = (framework: 'kafka' | 'redis', over: Partial<FrameworkRecord> = {}): FrameworkRecord => ({
  format: 'millrace/framework/1',
  framework,
  state: 'installing',
  plan: { framework, action: 'install', version: '1', options: {}, placements: [], phases: [] },
  identity: 'a',
  installedBy: 'deploy-1',
  users: ['delays'],
  ...over,
});

/** Runs the wait; at each look that finds something missing the next of `events` happens. */
async function wait(names: readonly ('kafka' | 'redis')[], events: (() => void)[]): Promise<string[]> {
  const told: string[] = [];
  const pause = async () => {
    const event = events.shift();
    if (!event) throw new Error('it waits for something that does not come');
    event();
  };
  await untilRecorded(records, 'delays', names, { pause, waiting: (text) => told.push(text) });
  return told;
}

test('it says which records are missing, until all are there', async () => {
  const events = [() => records.writeFramework(record('redis')), () => records.writeFramework(record('kafka'))];
  expect(await wait(['kafka', 'redis'], events)).toEqual([
    'the installation of kafka, redis to be recorded',
    'the installation of kafka to be recorded',
  ]);
  expect(await wait(['kafka', 'redis'], [])).toEqual([]);
});

test('a framework that is about to go, or that others alone use, is not the one that is waited for', async () => {
  records.writeFramework(record('kafka', { state: 'removing' }));
  const events = [
    () => records.removeFramework('kafka'),
    () => records.writeFramework(record('kafka', { users: ['other'] })),
    () => records.writeFramework(record('kafka', { users: ['other', 'delays'], state: 'running' })),
  ];
  expect(await wait(['kafka'], events)).toHaveLength(3);
});

test('a cancelled step ends the wait at once; one that waits too long ends with NOT_INSTALLED', async () => {
  const pause = () => Promise.reject(new Error('cancelled'));
  const waiting = () => undefined;
  await expect(untilRecorded(records, 'delays', ['kafka'], { pause, waiting })).rejects.toThrow('cancelled');
  const passing = { pause: () => Promise.resolve(), waiting };
  await expect(untilRecorded(records, 'delays', ['kafka'], passing)).rejects.toMatchObject({ code: 'NOT_INSTALLED' });
});
