/** The real program on a home with a record that can't be read, and how the ledger's options are refused. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { exitCodes } from '../../../platform/errors.ts';
import { homeAt } from '../../../platform/home.ts';
import type { Plan } from '../../../platform/model/plan.ts';
import { makePlan } from '../../../platform/operate/makePlan.ts';
import { createRecords } from '../../../platform/records/records.ts';
import { createTestHome } from '../../e2e/cli.ts';

jest.setTimeout(60_000);

const repoRoot = fileURLToPath(new URL('../../..', import.meta.url));
const pipeline = 'flight-delays';
const testHome = createTestHome(29_800);
const home = homeAt(testHome.path);
const broken = join(home.pipelinesDir, 'broken', 'pipeline.json');

beforeAll(async () => {
  const plan = (await makePlan({ home, repoRoot, env: {} }, pipeline, pipeline, {})) as Plan;
  createRecords(home).writePipeline({
    ...{ format: 'millrace/pipeline/1', pipeline, blueprint: pipeline, revision: plan.revision, operation: 'x' },
    ...{ state: 'flowing', plan, endpoints: {} },
  });
  mkdirSync(join(broken, '..'), { recursive: true });
  writeFileSync(broken, '{"format":"millrace/pipel');
});
afterAll(() => testHome.purge());

const errorOf = ({ stdout }: { readonly stdout: string }) => JSON.parse(stdout).error as Record<string, unknown>;

test('status names the record that can not be read, with the remedy, and looks at the others', async () => {
  const status = await testHome.json<Record<string, unknown>>('status');
  expect(status).toMatchObject({ pipelines: [{ pipeline, state: 'stopped' }] });
  const [unreadable] = status.unreadable as Record<string, string>[];
  expect(unreadable).toEqual({
    pipeline: 'broken',
    reason: expect.stringContaining(`The state file ${broken} can not be read`),
    next: expect.stringContaining(`mv ${broken} ${broken}.broken`),
  });
  const text = (await testHome.run('status')).stdout;
  expect(text).toContain('broken  UNKNOWN: its record can not be read');
  expect(text).toContain(`${pipeline}  stopped`);
  const named = await testHome.run('status', 'broken', '--json');
  expect([errorOf(named).code, named.code]).toEqual(['CORRUPT_STATE', exitCodes.environment]);
  expect(await testHome.json('status', pipeline)).toMatchObject({ unreadable: [], pipelines: [{ pipeline }] });
});

test('an unknown name is told with those that are there, whether or not they can be read', async () => {
  for (const command of ['status', 'ledger', 'lag', 'alerts']) {
    const { code, details } = errorOf(await testHome.run(command, 'nope', '--json'));
    expect([command, code, details]).toEqual([
      command,
      'UNKNOWN_PIPELINE',
      expect.objectContaining({ known: ['broken', pipeline] }),
    ]);
  }
});

test.each([
  [['--note', 'x'], '--note goes with --acknowledge'],
  [['--window', '2026-11-24T19:06:00.000Z'], '--window goes with --acknowledge'],
  [['--acknowledge', '--window', 'now'], '--window takes the origin of a window'],
])('ledger %j is refused', async (options, message) => {
  const run = await testHome.run('ledger', pipeline, ...options, '--json');
  expect(errorOf(run)).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) });
  expect(run.code).toBe(exitCodes.input);
});

test('to acknowledge needs the API, which keeps the books', async () => {
  const run = await testHome.run('ledger', pipeline, '--acknowledge', '--json');
  expect(errorOf(run)).toMatchObject({ code: 'CONTROL_PLANE_DOWN', next: 'Run `millrace up`.' });
});
