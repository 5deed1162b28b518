/** What the commands print: documented JSON, colour only for a person who wants it, results and progress apart. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Alert } from '../../../platform/api/contract/pipelines.ts';
import { exitCodes } from '../../../platform/errors.ts';
import { homeAt } from '../../../platform/home.ts';
import { writeAlerts } from '../../../platform/jobs/alertFile.ts';
import { createTokenBucket } from '../../../platform/model/tokenBucket.ts';
import { createRequestTraces, recordIngressSpans } from '../../../platform/telemetry/ingressTrace.ts';
import { createSpanRecorder } from '../../../platform/telemetry/recorder.ts';
import { createTestHome } from '../../e2e/cli.ts';
import { openTerminal } from '../../e2e/terminal.ts';
import { differences, documentedShapes } from './documented.ts';

// Each test starts the program several times, on a machine that may be loaded.
jest.setTimeout(60_000);

const home = createTestHome(29_800);
const pipeline = 'flight-delays';
const ansi = '\u001b[';

beforeAll(async () => {
  const { spansDir } = homeAt(home.path);
  mkdirSync(spansDir, { recursive: true });
  const recorder = createSpanRecorder({ service: `${pipeline}.ingress`, instance: 'ingress.0', spansDir, env: {} });
  const startMs = Date.now();
  const { trace } = createRequestTraces(createTokenBucket(100, 100), startMs).decide(undefined)!;
  recordIngressSpans(recorder, {
    ...{ pipeline, topic: `${pipeline}.flights`, method: 'POST', route: '/events', statusCode: 202, eventCount: 1 },
    ...{ startMs, endMs: startMs + 9, sendStartMs: startMs + 1, sendEndMs: startMs + 9 },
    events: [{ eventId: 'e-1', eventType: 'flight', trace }],
  });
  await recorder.shutdown();
});
afterAll(() => home.purge());

test('the reader of documented shapes tells what differs', () => {
  const [shape] = documentedShapes('down');
  expect(differences(shape!, { home: '/x', ledger: {} })).toEqual([]);
  expect(differences(shape!, { ledger: {}, more: 1 })).toEqual([
    '$.home is documented, and not there',
    '$.more is there, and not documented',
  ]);
  const [deploy] = documentedShapes('destroy');
  const removed = [{ kind: 'port', name: 'x' }];
  expect(differences(deploy!, { pipeline: 'x', ledger: { removed, kept: [], left: [] } })).toEqual([
    '$.ledger.removed[0].owner is documented, and not there',
  ]);
});

const documented: readonly [string, readonly string[], number][] = [
  ['version', ['version'], 0],
  ['catalog', ['catalog'], 0],
  ['catalog', ['catalog', pipeline], 1],
  ['catalog', ['catalog', 'kafka'], 2],
  ['plan', ['plan', pipeline], 0],
  ['status', ['status'], 0],
  ['doctor', ['doctor'], 0],
  ['trace', ['trace', pipeline, '--id', 'e-1'], 0],
  ['alerts', ['alerts'], 0],
  ['down', ['down'], 0],
];

test.each(documented)('%s: %j prints the JSON that is documented', async (command, args, index) => {
  const { stdout } = await home.run(...args, '--json');
  expect(differences(documentedShapes(command)[index]!, JSON.parse(stdout))).toEqual([]);
});

test('so is the one of a refused plan', async () => {
  const small = createTestHome(29_900);
  const resources = { cpus: 1, memoryMiB: 100, diskMiB: 100, gpus: 0 };
  const node = { id: 'node-1', address: '127.0.0.1', resources, ports: { first: 29_900, last: 29_999 } };
  const cluster = { format: 'millrace/cluster/1', id: 'test', driver: 'process', nodes: [node] };
  writeFileSync(homeAt(small.path).clusterFile, JSON.stringify(cluster));
  const { code, stdout } = await small.run('plan', pipeline, '--json');
  expect(code).toBe(exitCodes.refused);
  expect(differences(documentedShapes('plan')[1]!, JSON.parse(stdout))).toEqual([]);
  await small.purge();
});

test('alerts that were not told say why, and what to do; in JSON as it is documented', async () => {
  const alert: Alert = {
    ...{ id: 'a.fresh.page.1', pipeline: 'a', name: 'fresh', text: 'late', next: 'look', sinceMs: 1, resolvedMs: null },
    severity: 'page',
    state: 'firing',
    delivery: 'failed',
    refusal: { reason: 'https://hooks.example/… answered 503', atMs: 2 },
    rounds: 2,
    told: { state: 'firing', atMs: 1, webhookSinceMs: 0 },
  };
  writeAlerts(homeAt(home.path), [alert]);
  const { stdout } = await home.run('alerts');
  expect(stdout).toMatch(
    /FIRING page .*webhook: failed \(https:\/\/hooks\.example\/… answered 503.*given up 2 times\)/,
  );
  expect(stdout).toMatch(/Not taken\. Next: .*millrace up --alert-webhook URL/);
  const printed = JSON.parse((await home.run('alerts', '--json')).stdout);
  expect(differences(documentedShapes('alerts')[0]!, printed)).toEqual([]);
  expect(printed.alerts).toEqual([alert]);
  // An end of long ago is not sent any more, whatever is set.
  writeAlerts(homeAt(home.path), [{ ...alert, state: 'resolved', resolvedMs: 2 }]);
  const old = (await home.run('alerts')).stdout;
  expect(old).toMatch(/RESOLVED page .*webhook: failed/);
  expect(old).not.toContain('Not taken');
});

test('into a pipe nothing is coloured; in a terminal it is, unless NO_COLOR or --json is there', async () => {
  const trace = ['trace', pipeline, '--id', 'e-1'];
  const piped = await home.run(...trace);
  expect(piped.stdout).toContain('POST /events');
  expect(piped.stdout).not.toContain(ansi);
  const screen = async (noColor: string, ...more: string[]) => {
    const terminal = openTerminal({ ...home, env: { ...home.env, NO_COLOR: noColor } }, ...trace, ...more);
    return (await terminal.ended).screen;
  };
  expect(await screen('')).toContain(ansi);
  expect(await screen('1')).not.toContain(ansi);
  const json = await screen('', '--json');
  expect(json).not.toContain(ansi);
  expect(JSON.parse(json)).toMatchObject({ eventId: 'e-1' });
});

test('a question is asked in a terminal only: without one, the command needs --yes', async () => {
  // What makes the directory one of ours.
  writeFileSync(join(home.path, 'cluster.json'), '{"format":"millrace/cluster/1"}');
  const piped = await home.run('down', '--purge', '--json');
  expect(JSON.parse(piped.stdout)).toMatchObject({ error: { code: 'NEEDS_CONFIRMATION' } });
  const terminal = openTerminal(home, 'down', '--purge');
  await terminal.until(/\[y\/N\]/);
  terminal.type('n\n');
  expect((await terminal.ended).code).toBe(0);
  expect(existsSync(home.path)).toBe(true);
});
