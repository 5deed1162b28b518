/** Histories that were recorded on real servers replay on today's workflow code: a live pipeline survives an upgrade. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import { Worker } from '@temporalio/worker';
import { workflowBundle } from '../../platform/control/bundle.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const directory = join(root, 'test', 'fixtures', 'histories');
const cache = mkdtempSync(join(tmpdir(), 'millrace-replay-'));
const files = readdirSync(directory).filter((file) => file.endsWith('.json'));

afterAll(() => rmSync(cache, { recursive: true, force: true }));

test('there are histories of a deploy, of a rollback and of a destruction', () => {
  expect(files.length).toBeGreaterThanOrEqual(5);
});

test.each(files)('%s replays', async (file) => {
  const history = JSON.parse(readFileSync(join(directory, file), 'utf8'));
  const codePath = await workflowBundle(root, cache);
  await Worker.runReplayHistory({ workflowBundle: { codePath } }, history);
}, 60_000);

test('a deploy costs its workflow some hundred events of history, not thousands', () => {
  for (const file of files) {
    const { events } = JSON.parse(readFileSync(join(directory, file), 'utf8')) as { events: unknown[] };
    expect(events.length).toBeLessThan(1000);
  }
});
