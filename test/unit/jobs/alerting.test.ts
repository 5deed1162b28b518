/** The list of alerts and the budgets on disk: what a restart, a new revision and a broken file make of them. No Valkey here. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import type { Alert } from '../../../platform/api/contract/pipelines.ts';
import { homeAt } from '../../../platform/home.ts';
import { inOrder, readAlerts } from '../../../platform/jobs/alertFile.ts';
import { type Alerting, createAlerting } from '../../../platform/jobs/alerting.ts';
import type { Objectives } from '../../../platform/model/objective.ts';
import { freshness, good, look, startMs, stuck } from '../objectives/arbitraries.ts';

const root = mkdtempSync(join(tmpdir(), 'alerting-'));
afterAll(() => rmSync(root, { recursive: true }));

let home = homeAt(root);
let count = 0;
let log: string[] = [];
let nowMs = startMs;
beforeEach(() => {
  home = homeAt(join(root, `home-${++count}`));
  log = [];
  nowMs = startMs;
});

const objectives: Objectives = { fresh: freshness() };
const make = () =>
  createAlerting({
    home,
    connectionOfControlRedis: () => undefined,
    webhook: () => undefined,
    now: () => nowMs,
    log: (line) => log.push(line),
  });
function watch(alerting: Alerting, ends: typeof good, looks = 40, asked = objectives) {
  for (let at = 0; at < looks; at++) {
    nowMs += 5000;
    alerting.observe('delays', asked, look(nowMs, ends));
  }
}

test('an alert is heard of, on disk, and known after a restart, which begins no second one', () => {
  const heard: Alert[] = [];
  const first = make();
  const end = first.on((alert) => heard.push(alert));
  watch(first, stuck);
  expect(heard).toEqual(first.alerts());
  expect(readAlerts(home)).toEqual(heard);
  expect(heard).toEqual([
    expect.objectContaining({ pipeline: 'delays', name: 'fresh', severity: 'page', state: 'firing', delivery: null }),
  ]);
  expect(first.firing('delays')).toBe(1);
  const second = make();
  watch(second, stuck, 2);
  expect(second.alerts()).toEqual(heard);
  end();
  watch(second, good, 100);
  expect(second.firing('delays')).toBe(0);
  expect(second.alerts().find(({ id }) => id === heard[0]!.id)).toMatchObject({ state: 'resolved', next: 'Nothing.' });
  expect(heard).toHaveLength(1);
});

test('counts survive a kill but for ten seconds, and a stop whole', async () => {
  const first = make();
  watch(first, stuck, 3);
  const killed = make();
  watch(killed, good, 1);
  const total = (alerting: Alerting) => alerting.objectives('delays')[0]!.reached;
  // 1 s of the first look and 5 s of the others were bad; the last look of three was not written.
  expect(total(killed)).toBeGreaterThan(0);
  const stopped = make();
  watch(stopped, good, 2);
  await stopped.stop();
  const again = make();
  again.observe('delays', objectives, look(nowMs, good));
  expect(total(again)).toBe(total(stopped));
});

test('a new revision keeps what was counted for objectives that stay, and ends the alerts of those that go', () => {
  const alerting = make();
  watch(alerting, stuck);
  watch(alerting, good, 1, { fresh: freshness({ target: 0.9 }), more: freshness({ withinSeconds: 9 }) });
  const [fresh, more] = alerting.objectives('delays');
  expect(fresh!.reached).toBeLessThan(0.1);
  expect(more!.reached).toBe(1);
  watch(alerting, good, 1, { more: freshness({ withinSeconds: 9 }) });
  expect(alerting.firing('delays')).toBe(0);
  expect(alerting.alerts()[0]).toMatchObject({
    state: 'resolved',
    text: expect.stringMatching(/is not asked for any more/),
  });
});

test('a pipeline that is gone takes its alerts and budgets with it', () => {
  const alerting = make();
  watch(alerting, stuck);
  alerting.keepOnly(['delays', 'others']);
  alerting.forget('others');
  expect(alerting.firing('delays')).toBe(1);
  alerting.keepOnly(['others']);
  expect(alerting.alerts()).toEqual([
    expect.objectContaining({ state: 'resolved', text: expect.stringMatching(/the pipeline is gone/) }),
  ]);
  expect(alerting.objectives('delays')).toEqual([]);
  expect(() => readFileSync(join(home.alertsDir, 'budgets', 'delays.json'))).toThrow(/ENOENT/);
});

test('a list of alerts that was cut is refused by name; a cut budget is told of and left as it is', () => {
  watch(make(), stuck);
  const budget = join(home.alertsDir, 'budgets', 'delays.json');
  writeFileSync(budget, '{"format": "mill');
  const alerting = make();
  watch(alerting, good, 10);
  expect(log).toEqual([expect.stringMatching(/begin anew and are not kept: .*delays\.json/)]);
  expect(readFileSync(budget, 'utf8')).toBe('{"format": "mill');
  writeFileSync(join(home.alertsDir, 'alerts.json'), '{"format": "millrace/alerts/1"}');
  expect(make).toThrow(expect.objectContaining({ code: 'CORRUPT_STATE' }));
});

test('a disk that takes nothing when a webhook comes is told of once, and ends nothing', async () => {
  watch(make(), stuck);
  const webhook = { url: 'http://127.0.0.1:9/', secret: 'x', sinceMs: startMs, setMs: startMs };
  const alerting = createAlerting({
    ...{ home, connectionOfControlRedis: () => undefined, webhook: () => webhook, now: () => nowMs },
    log: (line) => log.push(line),
  });
  // In the place of the directory: nothing can be written there.
  rmSync(home.alertsDir, { recursive: true });
  writeFileSync(home.alertsDir, '');
  alerting.start();
  while (log.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await alerting.stop();
  expect(log[0]).toMatch(/alerts are not in the queue yet: .*alerts\.json/);
});

test('a list of before there were rounds is read, and what was given up then is owed', () => {
  watch(make(), stuck);
  const file = join(home.alertsDir, 'alerts.json');
  const kept = JSON.parse(readFileSync(file, 'utf8'));
  for (const alert of kept.alerts) {
    alert.delivery = 'failed';
    for (const field of ['refusal', 'rounds', 'told']) delete alert[field];
  }
  writeFileSync(file, JSON.stringify(kept));
  expect(readAlerts(home)).toEqual([
    expect.objectContaining({ state: 'firing', delivery: 'failed', refusal: null, rounds: 1, told: null }),
  ]);
});

test('old alerts are dropped, but none that fires or has still to be delivered', () => {
  const one = (index: number, more: Partial<Alert>): Alert => ({
    id: `a.${index}`,
    pipeline: 'a',
    name: 'b',
    severity: 'page',
    state: 'resolved',
    sinceMs: index,
    resolvedMs: index,
    text: '',
    next: '',
    ...{ delivery: 'delivered', refusal: null, rounds: 1, told: null },
    ...more,
  });
  const many = Array.from({ length: 500 }, (_, index) => one(index, {}));
  const kept = inOrder([...many, one(-1, { state: 'firing' }), one(-2, { delivery: 'queued' })]);
  expect(kept).toHaveLength(202);
  expect([kept[0]!.id, kept.at(-1)!.id]).toEqual(['a.-1', 'a.-2']);
  expect(kept[1]!.id).toBe('a.499');
});
