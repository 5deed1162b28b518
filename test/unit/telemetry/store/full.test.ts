/** A disk that is full: here a limit on the size of files, which fails a write in the same way. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { encodeExportRequest, encodeSpan } from '../../../../platform/telemetry/span.ts';
import type { StoreStats } from '../../../../platform/telemetry/store/contract.ts';
import { openTelemetryStore } from '../../../../platform/telemetry/store/open.ts';
import { tailSpanFiles } from '../../../../platform/telemetry/store/tailSpanFiles.ts';
import { traceOf } from '../../../bench/telemetrySpans.ts';

const script = new URL('../../../fixtures/telemetryWriter.ts', import.meta.url).pathname;
let root: string;
let directory: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'millrace-store-'));
  directory = join(root, 'store');
});
afterEach(() => rm(root, { recursive: true }));

/** A process of telemetryWriter.ts whose files can't grow beyond 3 MiB. */
function limited(...words: string[]) {
  // SIGXFSZ would end it; ignored, the write fails. sh counts blocks of 512 bytes.
  const command = 'trap "" XFSZ; ulimit -f 6144; exec "$0" "$@"';
  return spawn('/bin/sh', ['-c', command, process.execPath, script, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

test('what does not fit is dropped and counted, what is there is found; with room again it goes on', async () => {
  const child = limited('fill', directory, '6000');
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  const line = said.split('\n').find((each) => each.startsWith('{'))!;
  const { stats, found, told } = JSON.parse(line) as { stats: StoreStats; found: number; told: string[] };
  expect(stats.dropped.disk).toBeGreaterThan(0);
  expect(stats.spans + stats.dropped.disk!).toBe(48_000);
  expect(found).toBe(stats.spans / 8);
  expect(found).toBeGreaterThan(500);
  expect(told[0]).toContain(`The telemetry store in ${directory} can not be written`);

  const store = await openTelemetryStore({ directory });
  expect(store.stats().spans).toBe(stats.spans);
  for (const { service, spans } of traceOf(7000, Date.now())) store.addSpans({ service, instance: '' }, spans);
  await store.flush();
  expect(store.stats()).toMatchObject({ spans: stats.spans + 8, dropped: {} });
  await store.close();
}, 60_000);

test('of span files nothing is lost: they wait for room', async () => {
  const spansDir = join(root, 'spans');
  await mkdir(spansDir);
  let lines = '';
  for (let n = 0; n < 6000; n++)
    lines += `${encodeExportRequest(
      '[]',
      traceOf(n, Date.now()).flatMap(({ spans }) => spans.map(encodeSpan)),
    )}\n`;
  await writeFile(join(spansDir, 'a-1.ndjson'), lines);
  const child = limited('follow', directory, spansDir);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await ended;

  const store = await openTelemetryStore({ directory });
  expect(store.stats().spans).toBeLessThan(48_000);
  await tailSpanFiles(spansDir, store).caughtUp();
  expect(store.stats()).toMatchObject({ spans: 48_000, dropped: {} });
  await store.close();
}, 60_000);
