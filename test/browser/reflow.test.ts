/**
 * Each page at 320 px, as on a screen of 1280 px at 400 % (WCAG 2.1, 1.4.10): nobody scrolls sideways to read, but for what needs two
 * dimensions: tables, the graph, the waterfall of a trace.
 */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { controlHandlers } from '../fixtures/console/controlWorld.ts';
import { dataHandlers } from '../fixtures/console/dataWorld.ts';
import { traceHandlers } from '../fixtures/console/traceWorld.ts';
import { worldHandlers } from '../fixtures/console/world.ts';
import { closeBrowser, type OpenConsole, openConsole } from './browser.ts';
import { sidewaysOf } from './reflow.ts';

let shown: OpenConsole;
beforeEach(async () => {
  shown = await openConsole({ ...worldHandlers(), ...traceHandlers(), ...controlHandlers(), ...dataHandlers() });
  await shown.page.setViewportSize({ width: 320, height: 640 });
}, 60_000);
afterEach(async () => {
  expect(shown.faults).toEqual([]);
  await shown.close();
});
afterAll(closeBrowser);

/** Of each path a place that has something to show. */
const places: Readonly<Record<string, string>> = {
  '/pipelines': '/pipelines',
  '/pipelines/:pipeline': '/pipelines/orders-eu?show=flow%3Astore-severe',
  '/traces': '/traces',
  '/traces/:trace': '/traces/0af7651916cd43dd8448eb211c80319c',
  '/alerts': '/alerts',
  '/events': '/events',
  '/logs': '/logs',
  '/logs/:task': '/logs/kafka.broker.0',
  '/telemetry': '/telemetry',
  '/operations': '/operations',
  '/operations/:operation': '/operations/deploy-7',
  '/catalog': '/catalog',
  '/catalog/:blueprint': '/catalog/flight-delays',
  '/cluster': '/cluster',
  '/services': '/services',
  '/topics': '/topics?pipeline=flight-delays',
  '/topics/:pipeline/:topic': '/topics/flight-delays/flights',
  '/tables': '/tables?pipeline=flight-delays',
  '/tables/:pipeline/:table': '/tables/flight-delays/flights',
  '/jobs': '/jobs?pipeline=flight-delays',
};

describe('at 320 px', () => {
  it('every page has its place here', () => {
    const pages = readFileSync(new URL('../../platform/console/app/pages.ts', import.meta.url), 'utf8');
    const paths = [...pages.matchAll(/path: '([^']+)'/g)].map(([, path]) => path!);
    expect(Object.keys(places).sort()).toEqual(paths.sort());
  });

  it('every page is read without scrolling sideways', async () => {
    const found: Record<string, readonly string[]> = {};
    for (const place of Object.values(places)) {
      await shown.go(place);
      const name = `narrow${place.replace(/\?.*/, '').replaceAll('/', '-')}`;
      const faults = [...(await shown.look(name)), ...(await sidewaysOf(shown.page))];
      if (faults.length > 0) found[place] = faults;
    }
    expect(found).toEqual({});
  }, 400_000);
});
