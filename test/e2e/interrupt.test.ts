/** Ctrl-C during a deploy, in a real terminal and without one: rolled back, left going, or watched on. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import type { TaskStatus } from '../../platform/cluster/driver.ts';
import { listeners } from '../../platform/cluster/process/ports.ts';
import { exitCodes } from '../../platform/errors.ts';
import type { PipelineRecord } from '../../platform/model/records.ts';
import type { VerifyResult } from '../../platform/verify/verify.ts';
import { createTestHome, millrace } from './cli.ts';
import { ctrlC, openTerminal } from './terminal.ts';

const portBase = 17_200;
const minutes = 60_000;
const home = createTestHome(portBase);

interface Status {
  readonly pipelines: readonly (PipelineRecord & { readonly waitsFor: readonly string[] })[];
  readonly frameworks: readonly unknown[];
  readonly tasks: readonly TaskStatus[];
}
const status = () => home.json<Status>('status');
const filesIn = (folder: string) => (existsSync(join(home.path, folder)) ? readdirSync(join(home.path, folder)) : []);

async function untilFlowing(revision: number): Promise<PipelineRecord> {
  for (;;) {
    const [pipeline] = (await status()).pipelines;
    if (pipeline?.state === 'flowing' && pipeline.revision === revision) return pipeline;
    if (!pipeline || pipeline.error) throw new Error(`the deploy did not go on: ${JSON.stringify(pipeline)}`);
    await sleep(500);
  }
}

/** What a roll-back has brought back is ready and flows. */
async function untilBack(): Promise<void> {
  for (;;) {
    const [pipeline] = (await status()).pipelines;
    if (pipeline?.state === 'flowing' && pipeline.waitsFor.length === 0) return;
    await sleep(500);
  }
}

afterAll(async () => {
  await home.purge();
}, 2 * minutes);

test(
  'r rolls a first deploy back: exit code 130, and nothing is left of it',
  async () => {
    const terminal = openTerminal(home, 'deploy', 'flight-delays');
    await terminal.until(/✓ .* redis: /);
    terminal.type(ctrlC);
    await terminal.until(/Leave the deploy going \(l\), roll it back \(r\), or keep watching \(k\)\?/);
    terminal.type('r\r');
    const { code, screen } = await terminal.ended;
    expect(screen).toContain('error DEPLOY_CANCELLED: The deploy was cancelled.');
    expect(screen).not.toContain('↻');
    expect(code).toBe(exitCodes.interrupted);
    const { pipelines, frameworks, tasks } = await status();
    expect({ pipelines, frameworks }).toEqual({ pipelines: [], frameworks: [] });
    expect(new Set(tasks.map(({ owner }) => owner.kind))).toEqual(new Set(['platform']));
    for (const folder of ['tasks', 'data']) {
      expect(filesIn(folder).filter((name) => !name.startsWith('millrace.'))).toEqual([]);
    }
    expect([
      ...filesIn('pipelines'),
      ...filesIn('frameworks'),
      ...filesIn('secrets').filter((name) => name !== 'control-redis'),
    ]).toEqual([]);
    const inRange = listeners(() => false).filter(({ port }) => port >= portBase && port < portBase + 100);
    expect(inRange).toEqual([]);
  },
  5 * minutes,
);

test(
  'k watches on, l leaves: exit code 130, and the deploy ends flowing without the terminal',
  async () => {
    const terminal = openTerminal(home, 'deploy', 'flight-delays');
    await terminal.until(/✓ .* redis: /);
    terminal.type(ctrlC);
    await terminal.until(/\[k\]/);
    terminal.type('k\r');
    await terminal.until(/✓ .* kafka: /);
    terminal.type(ctrlC);
    await terminal.until(/\[k\]/);
    terminal.type('l\r');
    const { code, screen } = await terminal.ended;
    expect(screen).toContain('The deploy of flight-delays goes on; watch it with: millrace status');
    expect(code).toBe(exitCodes.interrupted);
    const pipeline = await untilFlowing(1);
    expect(pipeline.endpoints).toHaveProperty('api');
  },
  5 * minutes,
);

test(
  'r on a second revision brings the first back, and it flows',
  async () => {
    const before = (await status()).tasks.map(({ id }) => id).sort();
    const terminal = openTerminal(home, 'deploy', 'flight-delays', '--set', 'severeDelayMinutes=90');
    await terminal.until(/✓ /);
    terminal.type(ctrlC);
    await terminal.until(/\[k\]/);
    terminal.type('r\r');
    expect((await terminal.ended).code).toBe(exitCodes.interrupted);
    // What was brought back takes a moment to be ready again.
    await untilBack();
    const { pipelines, tasks } = await status();
    expect(pipelines).toMatchObject([{ revision: 1, state: 'flowing', error: { code: 'DEPLOY_CANCELLED' } }]);
    expect(tasks.map(({ id }) => id).sort()).toEqual(before);
    const verified = await home.json<VerifyResult>('verify', 'flight-delays', '--events', '200');
    expect(verified).toMatchObject({ read: 200, lost: 0, duplicated: 0 });
  },
  5 * minutes,
);

test(
  'SIGINT without a terminal leaves at once with 130, and the deploy goes on',
  async () => {
    const args = ['deploy', 'flight-delays', '--set', 'severeDelayMinutes=120'];
    const child = spawn(millrace, args, { cwd: tmpdir(), env: home.env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk) => (said += chunk));
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    while (!said.includes('✓')) await sleep(50);
    child.kill('SIGINT');
    expect(await ended).toBe(exitCodes.interrupted);
    expect(said).toContain('The deploy of flight-delays goes on; watch it with: millrace status');
    await untilFlowing(2);
  },
  5 * minutes,
);

test(
  'Ctrl-C pressed twice leaves at once, too',
  async () => {
    const terminal = openTerminal(home, 'deploy', 'flight-delays');
    await terminal.until(/✓ /);
    terminal.type(ctrlC);
    await terminal.until(/\[k\]/);
    terminal.type(ctrlC);
    const { code, screen } = await terminal.ended;
    expect(screen).toContain('The deploy of flight-delays goes on');
    expect(code).toBe(exitCodes.interrupted);
    await untilFlowing(3);
  },
  5 * minutes,
);
