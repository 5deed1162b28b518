/** Histories that were recorded on real servers replay on today's workflow code: a live pipeline survives an upgrade. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import proto from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { workflowBundle } from '../../platform/control/bundle.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const directory = join(root, 'test', 'fixtures', 'histories');
const cache = mkdtempSync(join(tmpdir(), 'millrace-replay-'));
const files = readdirSync(directory).filter((file) => file.endsWith('.binpb'));

const read = (file: string) => proto.temporal.api.history.v1.History.decode(readFileSync(join(directory, file)));

afterAll(() => rmSync(cache, { recursive: true, force: true }));

test('there are histories of a deploy: of the pipeline and of each framework', () => {
  expect(files.length).toBeGreaterThanOrEqual(5);
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
