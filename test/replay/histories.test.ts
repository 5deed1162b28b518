/** Histories that were recorded on real servers replay on today's workflow code: a live pipeline survives an upgrade. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from '@jest/globals';
import proto from '@temporalio/proto';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { workflowBundle } from '../../platform/control/bundle.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const directory = join(root, 'test', 'fixtures', 'histories');
const cache = mkdtempSync(join(tmpdir(), 'millrace-replay-'));
const files = readdirSync(directory).filter((file) => /\.binpb(\.gz)?$/.test(file));

const read = (file: string) => {
  const bytes = readFileSync(join(directory, file));
  return proto.temporal.api.history.v1.History.decode(file.endsWith('.gz') ? gunzipSync(bytes) : bytes);
};
/** What a history shows to have happened: names of activities that were asked for. */
const activitiesOf = (file: string) =>
  read(file).events.map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? '');

// A history that does not replay fails by itself; workers' comings and goings would fill the run's output.
Runtime.install({ logger: new DefaultLogger('WARN') });

afterAll(() => rmSync(cache, { recursive: true, force: true }));

test('there are histories of a deploy: of the pipeline and of each framework', () => {
  expect(files.filter((file) => file.startsWith('deploy-')).length).toBeGreaterThanOrEqual(5);
});

test('there are histories of deploys that failed or were cancelled and went back, a second revision, and a destroy', () => {
  const pipeline = (name: string) => activitiesOf(`${name}-pipeline-flight-delays.binpb.gz`);
  for (const name of ['failed', 'failed-in-waves', 'cancelled', 'cancelled-in-waves']) {
    expect(pipeline(name)).toEqual(expect.arrayContaining(['task.launch', 'task.remove', 'pipeline.fail']));
  }
  expect(pipeline('revised-and-destroyed').filter((name) => name === 'pipeline.finish')).toHaveLength(2);
  expect(pipeline('revised-and-destroyed')).toContain('pipeline.finishTeardown');
  expect(activitiesOf('called-off-framework-cassandra.binpb.gz')).toContain('framework.fail');
  expect(activitiesOf('traced-framework-kafka.binpb.gz')).toContain('operation.span');
});

test.each(files)(
  '%s replays',
  async (file) => {
    const history = read(file);
    const codePath = await workflowBundle(root, cache);
    await Worker.runReplayHistory({ workflowBundle: { codePath } }, history);
  },
  60_000,
);

test('a deploy costs its workflow some hundred events of history, not thousands', () => {
  for (const file of files) {
    expect(read(file).events.length).toBeLessThan(1000);
  }
});
