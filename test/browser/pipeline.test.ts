import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generatedGraph } from '../fixtures/console/largeGraph.ts';
import { historyOf } from '../fixtures/console/measures.ts';
import { graphOf, summaries, worldHandlers } from '../fixtures/console/world.ts';
import { closeBrowser, type OpenConsole, openConsole } from './browser.ts';

let shown: OpenConsole;
beforeEach(async () => {
  shown = await openConsole(worldHandlers());
}, 60_000);
afterEach(async () => {
  expect(shown.faults).toEqual([]);
  await shown.close();
});
afterAll(closeBrowser);

const degraded = '/pipelines/orders-eu';

/** ELK's layout is there, and nothing moves any more. */
async function laidOut(): Promise<void> {
  await shown.page.locator('.graph[data-final="true"]').waitFor();
}

/** The box of that id, or the label of that edge, is seen whole. */
async function inFrame(id: string): Promise<void> {
  await shown.page.waitForFunction((id) => {
    const frame = document.querySelector('.graph')!.getBoundingClientRect();
    const found = document.querySelector(`[data-node="${id}"] .box, [data-edge="${id}"] .label rect`);
    const box = found?.getBoundingClientRect();
    return (
      box && box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom
    );
  }, id);
}

describe('a pipeline', () => {
  it('shows its graph with the state of each node and the measures of each hop', async () => {
    await shown.go('/pipelines/flight-delays');
    await laidOut();
    const { page } = shown;
    expect(await page.locator('.graph .node').count()).toBe(19);
    await page.getByRole('button', { name: /^store-flights flow ok/ }).waitFor();
    await page
      .getByRole('button', {
        name: /^Hop store-flights: 1,938\/s p99 124 ms; p50 27 ms, p99 124 ms; lag 600 ms, 18 records/,
      })
      .waitFor();
    expect(await shown.look('pipeline')).toEqual([]);
  }, 60_000);

  it('lays the boxes of the graph out without one on another', async () => {
    await shown.go('/pipelines/flight-delays');
    await laidOut();
    const boxes = await shown.page
      .locator('.graph .node .box')
      .evaluateAll((all) => all.map((each) => each.getBoundingClientRect().toJSON()));
    const meets = (one: DOMRect, other: DOMRect) =>
      one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
    const overlaps = boxes.flatMap((one, at) => boxes.slice(at + 1).filter((other) => meets(one, other)));
    expect(overlaps).toEqual([]);
  }, 60_000);

  it('moves its dashes where events flow, and not for who wants no motion', async () => {
    await shown.go('/pipelines/flight-delays');
    await laidOut();
    const moving = () =>
      shown.page.evaluate(
        () => document.getAnimations().filter((each) => (each as CSSAnimation).animationName === 'flow').length,
      );
    expect(await moving()).toBeGreaterThan(10);
    await shown.page.emulateMedia({ reducedMotion: 'reduce' });
    expect(await moving()).toBe(0);
    await shown.page.emulateMedia({ reducedMotion: null });
  }, 60_000);

  it('leads from the slow hop to its charts, traces and dead letters, whose payload is only text', async () => {
    await shown.go(degraded);
    await laidOut();
    const { page } = shown;
    await page.getByRole('button', { name: 'Most behind: store-severe' }).click();
    const panel = page.getByRole('complementary', { name: 'Details of store-severe' });
    await inFrame('flow:store-severe');
    await panel.getByText('47.9 s').first().waitFor();
    expect(await panel.locator('canvas').count()).toBe(3);
    expect(await panel.getByRole('link', { name: /POST \/events/ }).count()).toBe(8);
    await panel.getByText('ingress → store-severe', { exact: true }).waitFor();
    await panel.getByText('… → store-severe', { exact: true }).waitFor();
    await panel.getByText('3 events came without a pathway header.').waitFor();
    await panel.getByText('delay: expected a number, got a string').first().click();
    const payload = panel.getByRole('region', { name: 'Payload' });
    expect(await payload.textContent()).toBe(
      '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>U+0007 {"delay":"soon"}',
    );
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
    expect(await shown.look('pipeline-hop')).toEqual([]);
    await page.reload();
    await panel.waitFor();
  }, 60_000);

  it('is walked with the arrow keys and opened with Enter', async () => {
    await shown.go('/pipelines/flight-delays');
    await laidOut();
    const { page } = shown;
    await page.locator('[data-node="feed:feed"]').focus();
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-node'));
    for (const expected of ['ingress:ingress', 'topic:flights']) {
      await page.keyboard.press('ArrowRight');
      await page.waitForFunction((id) => document.activeElement?.getAttribute('data-node') === id, expected);
    }
    await page.keyboard.press('ArrowLeft');
    await page.waitForFunction(() => document.activeElement?.getAttribute('data-node') === 'ingress:ingress');
    await page.keyboard.press('Enter');
    await page.getByRole('complementary', { name: 'Details of ingress' }).waitFor();
    expect(await focused()).toBe('ingress:ingress');
  }, 60_000);

  it('stays readable beside the details of a hop, and brings what is chosen or focused into view', async () => {
    await shown.go('/pipelines/flight-delays');
    await laidOut();
    const { page } = shown;
    const scale = () =>
      page
        .locator('.graph svg > g')
        .evaluate((each) => Number(/scale\((.*)\)/.exec(each.getAttribute('transform')!)![1]));
    const whole = await scale();
    const details = page.getByRole('complementary', { name: /^Details of/ });
    for (const id of ['service:alerts', 'feed:feed']) {
      await page.locator(`[data-node="${id}"]`).dispatchEvent('click');
      await details.waitFor();
      await inFrame(id);
      expect(await scale()).toBeGreaterThanOrEqual(0.6);
    }
    expect(await shown.look('pipeline-beside')).toEqual([]);
    // By keyboard: along the edges, and over the hops, beyond what is seen.
    await page.locator('[data-node="feed:feed"]').focus();
    for (let press = 0; press < 6; press += 1) await page.keyboard.press('ArrowRight');
    const walked = await page.waitForFunction(() => {
      const id = document.activeElement?.getAttribute('data-node');
      return id?.startsWith('flow:') || id?.startsWith('table:') ? id : false;
    });
    await inFrame(String(await walked.jsonValue()));
    const hop = page.locator('[data-edge] .label').last();
    await page.keyboard.press('Tab');
    await hop.focus();
    await inFrame((await hop.locator('..').getAttribute('data-edge'))!);
    // Its details address what is chosen: loaded anew, it is seen again. Closed, the whole graph is.
    await page.goto(`${page.url().split('?')[0]}?show=service%3Aalerts`);
    await page.reload();
    await laidOut();
    await inFrame('service:alerts');
    expect(await scale()).toBeGreaterThanOrEqual(0.6);
    await page.getByRole('button', { name: 'Close details' }).click();
    await details.waitFor({ state: 'detached' });
    await page.waitForFunction((whole) => {
      const transform = document.querySelector('.graph svg > g')!.getAttribute('transform')!;
      return Number(/scale\((.*)\)/.exec(transform)![1]) === whole;
    }, whole);
  }, 60_000);

  it('changes its measures by itself', async () => {
    await shown.go('/pipelines/flight-delays');
    await laidOut();
    await shown.page.getByText('Live', { exact: true }).first().waitFor();
    const [summary] = summaries;
    const graph = graphOf(summary!);
    const edges = graph.edges.map((edge) => (edge.stage === 'board' ? { ...edge, ratePerSecond: 777 } : edge));
    shown.server.send({ event: 'seen', data: { summary, graph: { ...graph, edges } } });
    await shown.page.getByRole('button', { name: /^Hop board: 777\/s/ }).waitFor();
  }, 60_000);
});

describe('the first minute', () => {
  it('has the seconds at the time axes of its charts', async () => {
    const points = historyOf(5);
    const young = await openConsole({
      ...worldHandlers(),
      history: ({ params }) => ({ pipeline: params.pipeline, stepMs: 10_000, points }),
    });
    try {
      const { page } = young;
      await page.evaluate(() => {
        const drawn: string[] = [];
        const { fillText } = CanvasRenderingContext2D.prototype;
        CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
          drawn.push(text);
          fillText.call(this, text, ...rest);
        };
        Object.assign(window, { drawn });
      });
      await young.go('/pipelines/flight-delays');
      await page.getByRole('figure', { name: 'Lag' }).locator('canvas').waitFor();
      const times = await page.waitForFunction(() => {
        const { drawn } = window as unknown as { readonly drawn: readonly string[] };
        const found = drawn.filter((text) => /^\d\d:\d\d/.test(text));
        return found.length > 2 && found;
      });
      const labels = (await times.jsonValue()) as readonly string[];
      expect(labels.filter((text) => !/^\d\d:\d\d:\d\d$/.test(text))).toEqual([]);
      expect(new Set(labels).size).toBeGreaterThan(1);
      expect(await young.look('pipeline-first-minute')).toEqual([]);
      expect(young.faults).toEqual([]);
    } finally {
      await young.close();
    }
  }, 60_000);
});

describe('a graph of 1,000 nodes', () => {
  it('is drawn whole from afar, of few elements, and box by box from near', async () => {
    const graph = generatedGraph(1000);
    const large = await openConsole({ ...worldHandlers(), graph: () => graph });
    try {
      await large.go('/pipelines/flight-delays');
      const { page } = large;
      await page.locator('.graph .boxes').first().waitFor();
      const drawn = await page
        .locator('.graph .boxes')
        .evaluateAll((all) =>
          all.reduce((count, each) => count + (each.getAttribute('d')?.match(/z/g)?.length ?? 0), 0),
        );
      expect(drawn).toBe(1000);
      expect(await page.locator('.graph svg *').count()).toBeLessThan(50);
      await page.locator('.graph[data-final="true"]').waitFor({ timeout: 50_000 });
      expect(await large.look('pipeline-large')).toEqual([]);
      for (let press = 0; press < 14; press += 1) await page.getByRole('button', { name: 'Closer' }).click();
      const near = await page.locator('.graph .node').count();
      expect(near).toBeGreaterThan(0);
      expect(near).toBeLessThan(200);
      expect(large.faults).toEqual([]);
    } finally {
      await large.close();
    }
  }, 120_000);
});

describe('changes from the page', () => {
  it('destroys only what was typed by name, after its consequences', async () => {
    await shown.go('/pipelines/flight-delays');
    const { page } = shown;
    await page.getByRole('button', { name: 'Destroy' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('3 topics with 1,240,000 records are deleted.').waitFor();
    const button = dialog.getByRole('button', { name: 'Destroy' });
    expect(await button.isDisabled()).toBe(true);
    await dialog.getByRole('textbox').fill('flight-delay');
    expect(await button.isDisabled()).toBe(true);
    expect(await shown.look('destroy')).toEqual([]);
    await dialog.getByRole('textbox').fill('flight-delays');
    await button.click();
    await page.getByRole('link', { name: 'Follow it' }).waitFor();
    expect(shown.server.changes.map(({ name, asked }) => [name, asked.params])).toEqual([
      ['destroy', { pipeline: 'flight-delays' }],
    ]);
  }, 60_000);

  it('scales a service to what was asked', async () => {
    await shown.go('/pipelines/flight-delays');
    const { page } = shown;
    await page.getByRole('button', { name: 'Scale' }).click();
    await page.getByLabel('Service', { exact: true }).selectOption('api');
    await page.getByLabel('Instances').fill('3');
    await page.getByRole('button', { name: 'See what it would do' }).click();
    await page.getByRole('dialog', { name: 'Scale api' }).getByRole('button', { name: 'Scale' }).click();
    await page.getByRole('link', { name: 'Follow it' }).waitFor();
    const [change] = shown.server.changes;
    expect(change?.asked.params).toEqual({ pipeline: 'flight-delays', service: 'api' });
    expect(change?.asked.body).toEqual({ instances: 3 });
  }, 60_000);

  it('starts one that is stopped', async () => {
    await shown.go('/pipelines/old-demo');
    await shown.page.getByRole('button', { name: 'Start', exact: true }).click();
    await shown.page.getByRole('link', { name: 'Follow it' }).waitFor();
    expect(shown.server.changes.map(({ name }) => name)).toEqual(['start']);
  }, 60_000);
});
