/** What every page shows when there is nothing, and when the API refuses: what happened, and what to do. */
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { refuse } from '../fixtures/console/refuse.ts';
import type { Handlers } from '../fixtures/console/server.ts';
import { worldHandlers } from '../fixtures/console/world.ts';
import { closeBrowser, type OpenConsole, openConsole } from './browser.ts';

let shown: OpenConsole;
afterEach(() => shown.close());
afterAll(closeBrowser);

const nothing: Handlers = {
  ...worldHandlers(),
  traces: () => ({ traces: [], next: null }),
  heatmap: () => ({ fromMs: 0, stepMs: 1, latencyBoundsMs: [], counts: [], exemplars: [] }),
  catalog: () => [],
  operations: () => [],
  cluster: () => ({ driver: 'process', nodes: [], frameworks: [], tasks: [] }),
  services: () => [],
  topics: () => [],
  tables: () => [],
  jobs: () => [],
  events: () => [],
  alerts: () => [],
  logs: () => [],
};
const empties: readonly (readonly [string, string])[] = [
  ['/traces', 'No trace matches'],
  ['/catalog', 'There is no blueprint'],
  ['/operations', 'Nothing was done yet'],
  ['/cluster', 'The cluster has no nodes yet'],
  ['/services', 'No service runs'],
  ['/topics', 'flight-delays has no topics'],
  ['/tables', 'flight-delays has no tables'],
  ['/jobs', 'flight-delays has no jobs'],
  ['/events', 'Nothing has happened yet'],
  ['/alerts', 'No alert has fired'],
  ['/logs', 'Choose a task'],
  ['/logs/a.b.0', 'Nothing printed yet'],
];

describe('pages without data', () => {
  it('say so, and what to do', async () => {
    shown = await openConsole(nothing);
    for (const [place, text] of empties) {
      await shown.go(place);
      await shown.page.getByText(text, { exact: true }).waitFor();
      expect([place, await shown.look(`empty${place.replaceAll('/', '-')}`)]).toEqual([place, []]);
    }
    expect(shown.faults).toEqual([]);
  }, 240_000);
});

const refused = [
  'traces',
  'trace',
  'heatmap',
  'catalog',
  'operations',
  'operation',
  'cluster',
  'services',
  'topics',
  'tables',
  'jobs',
  'events',
  'alerts',
  'logs',
  'telemetry',
] as const;
const places = [
  '/traces',
  '/traces/0af7',
  '/catalog',
  '/catalog/x',
  '/operations',
  '/operations/x',
  '/cluster',
  '/services',
  '/topics',
  '/topics/p/t',
  '/tables',
  '/tables/p/t',
  '/jobs',
  '/events',
  '/alerts',
  '/telemetry',
  '/logs/a.b.0',
];

describe('pages whose API refuses', () => {
  it('tell the error with what it means and what to do', async () => {
    const handlers = Object.fromEntries(refused.map((name) => [name, () => refuse(503, 'SERVER_UNREACHABLE')]));
    shown = await openConsole({ ...worldHandlers(), ...handlers });
    for (const place of places) {
      await shown.go(place === '/topics' || place === '/tables' || place === '/jobs' ? `${place}?pipeline=p` : place);
      const failure = shown.page.getByRole('alert').filter({ hasText: 'SERVER_UNREACHABLE happened' }).first();
      await failure.waitFor();
      const text = await failure.innerText();
      expect([place, text]).toEqual([place, expect.stringContaining('What it means.')]);
      expect([place, text]).toEqual([place, expect.stringContaining('What to do.')]);
    }
    // Nothing else may have gone wrong than what was refused.
    expect(shown.faults.filter((fault) => !/^503 GET \/api\//.test(fault))).toEqual([]);
  }, 240_000);
});
