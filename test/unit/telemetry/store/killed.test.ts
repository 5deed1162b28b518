/** kill -9 in the middle of writing: what was stored stays, the store opens again, and a trace is whole or not there. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openTelemetryStore } from '../../../../platform/telemetry/store/open.ts';
import { eventIdOf, traceIdOf } from '../../../bench/telemetrySpans.ts';

const script = new URL('../../../fixtures/telemetryWriter.ts', import.meta.url).pathname;

/** Number of the last trace that the process had said was stored. */
async function killAfter(directory: string, first: number, batches: number): Promise<number> {
  const child = spawn(process.execPath, [script, 'add', directory, `${first}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let [last, said, rest] = [first - 1, 0, ''];
  const enough = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines.filter((each) => each !== 'open')) {
        last = Number(line);
        said += 1;
      }
      if (said >= batches) resolve();
    });
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  await Promise.race([enough, ended]);
  child.kill('SIGKILL');
  await ended;
  expect(said).toBeGreaterThanOrEqual(batches);
  return last;
}

test('five kills', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-store-'));
  let first = 0;
  for (const batches of [1, 3, 10, 20, 40]) {
    const last = await killAfter(directory, first, batches);
    const store = await openTelemetryStore({ directory });
    const found = await store.searchTraces({ limit: 100_000 });
    // The batch that was being written may be stored as well.
    expect(found.length).toBeGreaterThanOrEqual(last + 1);
    expect(found.length).toBeLessThanOrEqual(last + 1 + 40);
    expect(found.filter(({ spans }) => spans !== 8)).toEqual([]);
    expect(store.stats().spans).toBe(found.length * 8);
    const attribute = { key: 'millrace.event.id', value: eventIdOf(last) };
    expect((await store.searchTraces({ limit: 2, attribute })).map(({ traceId }) => traceId)).toEqual([
      traceIdOf(last),
    ]);
    await store.close();
    first = found.length;
  }
  await rm(directory, { recursive: true });
}, 60_000);
