/**
 * `./millrace exec test/bench/conservation.ts`: deploys flight-delays in a home of its own, sends 200,000 events through its ingress
 * beside its feed, and prints what `millrace ledger --json` says of them: every window balanced, nothing lost, nothing doubled.
 * Then it deploys it again with MILLRACE_SABOTAGE, once for each of `--break ACTION:STAGE:EVENT` (may be repeated), sends 25,000
 * events, and prints which stage and window are named, and how long after the window's end. Exit code 1 when one of these does
 * not hold. `--events N`; ports from `--port-base N`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { postBatch } from '../../platform/connectors/http/postBatch.ts';
import type { DeployResult } from '../../platform/model/operations.ts';
import type { PipelineLedger } from '../../platform/observe/ledger.ts';
import { parseSabotage } from '../../platform/telemetry/sabotage.ts';
import { createTestHome } from '../e2e/cli.ts';

const { values: asked } = parseArgs({
  options: {
    events: { type: 'string', default: '200000' },
    break: {
      type: 'string',
      multiple: true,
      default: ['drop:sink:12345', 'duplicate:store-flights:12345', 'drop:severe-delays:1234'],
    },
    'port-base': { type: 'string', default: '24200' },
  },
});
const pipeline = 'flight-delays';
const brokenEvents = 25_000;
const batchSize = 500;
const senders = 4;
const home = createTestHome(Number(asked['port-base']));
const ledger = async () => JSON.parse((await home.run('ledger', pipeline, '--json')).stdout) as PipelineLedger;
let failures = 0;

function check(holds: boolean, what: string): void {
  if (!holds) failures += 1;
  console.log(`  ${holds ? 'ok    ' : 'FAILED'} ${what}`);
}

const settings = ['--set', 'maxEventsPerSecond=50000', '--yes', '--json'];

async function deploy(environment: Readonly<Record<string, string>>, ...more: string[]): Promise<DeployResult> {
  const { code, stdout, stderr } = await home.runWith(environment, 'deploy', pipeline, ...settings, ...more);
  if (code !== 0) throw new Error(`deploy ended with ${code}\n${stdout}\n${stderr}`);
  return JSON.parse(stdout) as DeployResult;
}

/** One in five is severe and takes the way through the real-time job; the places are none of the board's. */
function eventOf(run: string, i: number): Record<string, unknown> {
  const delay_minutes = i % 5 === 0 ? 90 : i % 30;
  const data = {
    date: '2001/01/01 00:00',
    origin: `bench${i % 40}`,
    destination: 'bench',
    delay_minutes,
    distance_miles: 1,
  };
  const envelope = { specversion: '1.0', id: `${run}-${i}`, source: 'bench', type: 'flight.arrived' };
  return { ...envelope, time: new Date().toISOString(), data };
}

async function send(ingress: string, run: string, events: number): Promise<void> {
  const startMs = performance.now();
  let next = 0;
  const sender = async () => {
    while (next < events) {
      const first = next;
      next += batchSize;
      const batch = Array.from({ length: Math.min(batchSize, events - first) }, (_, i) => eventOf(run, first + i));
      for (;;) {
        const outcome = await postBatch(new URL('/events', ingress).href, batch);
        if (outcome.kind === 'accepted') break;
        if (outcome.kind === 'invalid') throw new Error(outcome.reason);
        await sleep(outcome.retryAfterMs ?? 200);
      }
    }
  };
  await Promise.all(Array.from({ length: senders }, sender));
  const seconds = (performance.now() - startMs) / 1000;
  console.log(`${run}: ${events} events acknowledged in ${seconds.toFixed(1)} s`);
}

/** Asks until every window that began in the span is judged; keeps when each fault was told first. */
async function settled(fromMs: number, untilMs: number) {
  const toldMs = new Map<string, number>();
  for (;;) {
    const report = await ledger();
    const windows = report.windows.filter(
      (each) => each.originMs + report.windowMs > fromMs && each.originMs < untilMs,
    );
    for (const { origin, faults } of windows)
      if (faults.length > 0 && !toldMs.has(origin)) toldMs.set(origin, Date.now());
    const open = windows.filter((each) => each.balance === 'in-flight' || each.balance === 'unknown');
    if (windows.length > 0 && open.length === 0) return { ...report, windows, toldMs };
    await sleep(1000);
  }
}

async function whole(ingress: string): Promise<void> {
  const events = Number(asked.events);
  const fromMs = Date.now();
  await send(ingress, 'whole', events);
  const { windows, lost, duplicated, faults } = await settled(fromMs, Date.now());
  const counted = (name: string) =>
    windows
      .flatMap(({ stages }) => stages.filter((stage) => stage.name === name))
      .reduce((sum, { count }) => sum + count, 0);
  const names = [...new Set(windows.flatMap(({ stages }) => stages.map(({ name }) => name)))];
  console.log(`  ${windows.length} windows; passed on: ${names.map((name) => `${name} ${counted(name)}`).join(', ')}`);
  check(counted('store-flights') >= events, `store-flights has at least the ${events} events`);
  check(
    windows.every((each) => each.balance === 'balanced'),
    'every window balanced',
  );
  check(lost === 0 && duplicated === 0, `lost ${lost}, duplicated ${duplicated}`);
  check(faults.length === 0, `notes: ${faults.join('; ') || 'none'}`);
}

async function broken(text: string): Promise<void> {
  const { action, stage } = parseSabotage(text);
  const { endpoints } = await deploy({ MILLRACE_SABOTAGE: text }, '--allow-sabotage');
  const fromMs = Date.now();
  await send(endpoints.ingress!, text.replaceAll(':', '-'), brokenEvents);
  const { windows, toldMs } = await settled(fromMs - 30_000, Date.now());
  const found = windows.flatMap(({ originMs, origin, faults }) =>
    faults.map((fault) => ({ ...fault, origin, originMs })),
  );
  for (const { origin, originMs, text: said, hash } of found) {
    const seconds = ((toldMs.get(origin)! - originMs - 10_000) / 1000).toFixed(0);
    console.log(`  ${origin}: ${said}, hash ${hash}; told ${seconds} s after the window's end`);
  }
  const kinds = new Set(found.map(({ kind, events }) => `${kind} ${events}`));
  check(
    kinds.size === 1 && kinds.has(action === 'drop' ? 'lost 1' : 'doubled 1'),
    `${text}: one event, as it was asked`,
  );
  const named = new Set(found.map((fault) => fault.stage));
  check(
    stage === 'sink' ? named.size > 0 : named.size === 1 && named.has(stage),
    `stage named: ${[...named].join(', ')}`,
  );
}

// For whoever has to end it from outside: `MILLRACE_HOME=… millrace down --purge --yes`.
console.log(`home ${home.path}`);
try {
  const { endpoints } = await deploy({});
  await whole(endpoints.ingress!);
  for (const text of asked.break) await broken(text);
} finally {
  await home.purge();
}
if (failures > 0) process.exitCode = 1;
