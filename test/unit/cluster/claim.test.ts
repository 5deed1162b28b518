import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { claimHolders, tryClaim, waitForClaim } from '../../../platform/cluster/process/claim.ts';

const url = new URL('../../../platform/cluster/process/claim.ts', import.meta.url).href;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'process-claim-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('one at a time, also within a process; other names are other claims', () => {
  writeFileSync(join(directory, 'start.log'), 'not a claim');
  const claim = tryClaim(directory, 'start');
  expect(tryClaim(directory, 'start')).toBeUndefined();
  expect(claimHolders(directory, 'start').map((holder) => holder.pid)).toEqual([process.pid]);
  tryClaim(directory, 'other')?.release();
  claim?.release();
  tryClaim(directory, 'start')?.release();
  expect(readdirSync(directory)).toEqual(['start.log']);
});

test('a claim that stays held is not given', async () => {
  tryClaim(directory, 'start');
  expect(await waitForClaim(directory, 'start', 100)).toBeUndefined();
});

test('a claim of a dead process is none', async () => {
  const program = `const { tryClaim } = await import(${JSON.stringify(url)}); tryClaim(${JSON.stringify(directory)}, 'start'); process.kill(process.pid, 'SIGKILL')`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  await once(child, 'exit');
  expect(readdirSync(directory)).toHaveLength(1);
  expect(tryClaim(directory, 'start')).toBeDefined();
});

test('many processes that want it have it one after the other', async () => {
  // Each counts in a file by reading, pausing, writing: two at once would lose a count.
  const counter = join(directory, 'counter');
  writeFileSync(counter, '0');
  const program = `
    const { waitForClaim } = await import(${JSON.stringify(url)});
    const { readFileSync, writeFileSync } = await import('node:fs');
    for (let round = 0; round < 5; round += 1) {
      const claim = await waitForClaim(${JSON.stringify(directory)}, 'count', 60000);
      const count = Number(readFileSync(${JSON.stringify(counter)}, 'utf8'));
      await new Promise((resolve) => setTimeout(resolve, 5));
      writeFileSync(${JSON.stringify(counter)}, String(count + 1));
      claim.release();
    }`;
  const children = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', program], { env: { ...process.env, NODE_OPTIONS: '' } }),
  );
  await Promise.all(children.map((child) => once(child, 'exit')));
  const { readFileSync } = await import('node:fs');
  expect(readFileSync(counter, 'utf8')).toBe('20');
}, 60_000);
