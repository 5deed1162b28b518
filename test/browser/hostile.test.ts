/** Payloads, names and log lines of strangers on every page that shows some: nothing runs, nothing is requested, all is text. */
import { afterAll, afterEach, beforeEach, expect, it } from '@jest/globals';
import { cluster, controlHandlers, platformEvent } from '../fixtures/console/controlWorld.ts';
import { dataHandlers, messageOf, topics } from '../fixtures/console/dataWorld.ts';
import { worldMs } from '../fixtures/console/measures.ts';
import type { Handlers } from '../fixtures/console/server.ts';
import { heatmapOf, traceHandlers, traceOf } from '../fixtures/console/traceWorld.ts';
import { worldHandlers } from '../fixtures/console/world.ts';
import { closeBrowser, type OpenConsole, openConsole } from './browser.ts';

const image = '<img src="http://attacker.test/x" onerror="window.pwned=1">';
const script = '<script>window.pwned=1</script><svg onload="window.pwned=1">';
const link = 'javascript:window.pwned=1';
const bidi = 'safe\u202Egpj.exe\u2066\u0000\u001b]0;x\u0007';
const attacks = `${image}${script}${link} ${bidi}`;
/** As it has to stand on the page: marks instead of what hides. */
const visible = 'safeU+202Egpj.exeU+2066U+0000U+001B]0;xU+0007';

const hostileMessage = messageOf({
  key: attacks,
  value: `{"note":${JSON.stringify(image + script)},"raw":"${link}"} ${bidi}`,
  headers: {
    [attacks]: attacks,
    traceparent: link,
    'millrace-reason': attacks,
    'millrace-origin-topic': link,
    'millrace-origin-partition': '0',
    'millrace-origin-offset': '1',
  },
  decoded: { [attacks]: attacks, nested: { html: image } },
  problem: attacks,
});
const span = {
  name: attacks,
  service: attacks,
  instance: attacks,
  error: attacks,
  attributes: {
    [attacks]: attacks,
    'millrace.pipeline': link,
    'messaging.system': 'kafka',
    'messaging.destination.name': link,
    'db.system.name': 'cassandra',
    'db.collection.name': '../../../login?x=',
    'millrace.job': link,
  },
};
const handlers: Handlers = {
  ...worldHandlers(),
  ...controlHandlers(),
  ...dataHandlers(),
  ...traceHandlers(),
  traces: () => ({
    traces: [
      {
        traceId: link,
        name: attacks,
        service: attacks,
        pipeline: attacks,
        eventId: attacks,
        startMs: worldMs,
        durationMs: 5,
        spans: 1,
        errors: 0,
      },
    ],
    next: null,
  }),
  heatmap: () => {
    const map = heatmapOf(10);
    return { ...map, exemplars: map.exemplars.map((each) => ({ ...each, traceId: `${link}/../../x` })) };
  },
  trace: () => ({ ...traceOf('a', { a1: span }), services: [attacks], eventId: attacks, pipeline: attacks }),
  topics: () => [{ ...topics[0]!, isDeadLetter: true }],
  messages: () => [hostileMessage],
  rows: () => ({ columns: ['event_id', attacks], rows: [{ event_id: attacks, [attacks]: attacks }], more: false }),
  cluster: () => ({ ...cluster, tasks: cluster.tasks.map((task) => ({ ...task, reason: attacks })) }),
  logs: () => [{ atMs: null, task: 't', text: `ERROR ${attacks}` }],
  events: () => [platformEvent(1, attacks, attacks, { text: attacks, pipeline: link })],
  services: () => [
    {
      pipeline: attacks,
      name: attacks,
      kind: 'service',
      instances: 1,
      running: 1,
      endpoint: link,
      scalable: true,
      tasks: [attacks],
    },
  ],
  alerts: () => [
    {
      id: '1',
      pipeline: attacks,
      name: attacks,
      severity: 'page',
      state: 'firing',
      sinceMs: worldMs,
      resolvedMs: null,
      text: attacks,
      next: attacks,
      delivery: 'failed',
      refusal: { reason: attacks, atMs: worldMs },
      rounds: 1,
      told: null,
    },
  ],
};

let shown: OpenConsole;
beforeEach(async () => {
  shown = await openConsole(handlers);
}, 120_000);
afterEach(() => shown.close());
afterAll(closeBrowser);

const places = [
  '/traces',
  '/traces/a?span=a1',
  '/topics?pipeline=flight-delays',
  '/topics/flight-delays/flights',
  '/tables/flight-delays/flights',
  '/jobs',
  '/cluster',
  '/services',
  '/alerts',
  '/events',
  '/logs/t',
];
/** Where all of `attacks` stands, marks and all. */
const telling = new Set([
  '/traces',
  '/traces/a?span=a1',
  '/topics/flight-delays/flights',
  '/tables/flight-delays/flights',
  '/events',
  '/logs/t',
]);

it('nothing of it runs, is requested, or becomes an element; it is shown as it is', async () => {
  const { page, server } = shown;
  for (const place of places) {
    await shown.go(place);
    const found = await page.evaluate(async () => {
      // Whatever an event handler or a load would have started has started after this.
      await new Promise((resolve) => setTimeout(resolve, 150));
      return {
        pwned: 'pwned' in window,
        elements: document.querySelectorAll('main img, main script, main svg[onload], main iframe, main [onerror]')
          .length,
        links: [...document.querySelectorAll('main a')].map((anchor) => (anchor as HTMLAnchorElement).protocol),
        text: document.querySelector('main')?.textContent ?? '',
      };
    });
    expect([place, found.pwned, found.elements]).toEqual([place, false, 0]);
    expect([place, found.links.filter((protocol) => protocol !== 'http:')]).toEqual([place, []]);
    expect([place, found.text]).toEqual([
      place,
      expect.not.stringMatching(/[\u202A-\u202E\u2066-\u2069]|(?![\t\n])\p{Cc}/u),
    ]);
    if (telling.has(place)) expect([place, found.text]).toEqual([place, expect.stringContaining(visible)]);
    if (telling.has(place)) expect(found.text).toContain('<script>window.pwned=1</script>');
  }
  expect(await shown.look('hostile')).toEqual([]);
  expect(shown.faults).toEqual([]);
  expect(server.changes).toEqual([]);
}, 120_000);

it('a link out of the platform’s answers that is no web address is shown as text', async () => {
  await shown.go('/services');
  await shown.page.getByText(link, { exact: true }).waitFor();
  expect(await shown.page.locator(`a[href^="javascript"]`).count()).toBe(0);
}, 60_000);
