/** A user's tasks from end to end, in a home of its own: from a console without a pipeline to the ledger of a removal, by the page. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { physical } from '../../platform/model/names.ts';
import { produce } from '../conformance/connectors/readTopic.ts';
import { until } from '../e2e/until.ts';
import { describeChanges, describeEnd } from './live/changes.ts';
import { type LiveConsole, minutes, openLiveConsole, pipeline } from './live/home.ts';
import { describePages } from './live/pages.ts';
import { createScenes } from './live/scenes.ts';
import { describeTrouble } from './live/trouble.ts';

let live: LiveConsole;
const { first, scene } = createScenes(() => live);
/** What may be asked for before it is written: an operation that has just begun, a trace, and all that was not yet looked at. */
const isNotYet =
  /^404 GET \/api\/(operations\/[^/]+|traces\/[0-9a-f]{32}|pipelines\/[^/]+\/(graph|history|ledger|objectives|parameters))$/;
/** No JSON, and markup besides: it can't be an event, and has to stay text. */
const broken = '{"origin": <img src=x onerror="window.pwned=1">';

beforeAll(async () => {
  live = await openLiveConsole(20_000);
}, 3 * minutes);
afterAll(() => live?.end(), 2 * minutes);

describe('from nothing to a pipeline that flows', () => {
  first(
    'a home without a pipeline leads to the catalog',
    async (shown) => {
      const { page } = shown;
      await page.getByText('No pipeline yet').waitFor();
      expect(await shown.look('story-1-empty')).toEqual([]);
      await page.getByRole('link', { name: 'Deploy a blueprint' }).click();
      await page.getByRole('link', { name: 'Configure Flight delays' }).click();
      await page.getByRole('heading', { name: 'Flight delays', level: 1 }).waitFor();
    },
    minutes,
  );

  first(
    'the plan is seen before anything is done, and its steps while they are done',
    async (shown) => {
      const { page } = shown;
      await page.getByLabel('traceRatio', { exact: true }).fill('0.5');
      await page.getByRole('button', { name: 'Preview the plan' }).click();
      const plan = page.getByRole('heading', { name: 'The plan' });
      await plan.waitFor();
      expect(await plan.evaluate((heading) => heading.getBoundingClientRect().top >= 0)).toBe(true);
      expect(await shown.look('story-2-plan')).toEqual([]);
      await page.getByRole('button', { name: 'Deploy', exact: true }).click();
      await page.getByText(/^[1-9]\d* of \d+ steps done$/).waitFor();
      expect(await shown.look('story-3-deploying')).toEqual([]);
      await page
        .locator('.page-title')
        .getByText('done', { exact: true })
        .waitFor({ timeout: 3 * minutes });
      await page.getByText(/^(\d+) of \1 steps done$/).waitFor();
      expect(await shown.look('story-4-deployed')).toEqual([]);
      await page.getByRole('link', { name: 'Open the pipeline' }).click();
    },
    4 * minutes,
  );

  first(
    'the pipeline is seen flowing',
    async (shown) => {
      const { page } = shown;
      await page.locator('.page-title').getByText('flowing', { exact: true }).waitFor({ timeout: minutes });
      await page.getByRole('heading', { name: 'Slowest hop' }).waitFor();
      expect(await shown.look('story-5-flowing')).toEqual([]);
    },
    2 * minutes,
  );
});

describe('what is slow, and why', () => {
  scene(
    'the slow hop is named, and leads to the trace behind its p99',
    async (shown) => {
      const { page } = shown;
      await page.getByText('Hops as a table').click();
      await page.getByRole('region', { name: 'Hops' }).getByRole('button', { name: 'p99' }).click();
      // Both change with each look at the pipeline: they are read in one go.
      await page.waitForFunction(() => {
        const [named] = document.querySelectorAll('.facts-card button.link');
        const [first] = document.querySelectorAll('.hops tbody button.link');
        return named?.textContent !== undefined && named.textContent === first?.textContent;
      });
      await page.locator('.facts-card button.link').click();
      const panel = page.getByRole('complementary', { name: /^Details of/ });
      const stage = await panel.getByRole('heading', { level: 2 }).innerText();
      await panel.getByRole('heading', { name: 'Sampled traces' }).waitFor();
      expect(await shown.look('story-6-slow-hop')).toEqual([]);
      await panel.getByRole('link', { name: /the traces behind it/ }).click();
      await openTheSlowest(shown);
      expect(await shown.look('story-8-trace')).toEqual([]);
      // The hop is in the trace that it led to.
      await page
        .getByRole('button', { name: new RegExp(stage) })
        .first()
        .waitFor();
    },
    3 * minutes,
  );
});

/** In the heat map, by the keyboard; the store has each trace within seconds of its end. */
async function openTheSlowest(shown: LiveConsole): Promise<void> {
  const { page } = shown;
  const map = page.getByRole('application', { name: /Heat map/ });
  await until(async () => {
    if ((await map.count()) > 0) return true;
    await page.getByRole('button', { name: 'Refresh' }).click();
    return undefined;
  });
  expect(await page.evaluate(() => /[?&]min=/.test(location.hash))).toBe(true);
  await map.focus();
  await page.keyboard.press('End');
  await page.getByText(/open to see one/).waitFor();
  expect(await shown.look('story-7-heat-map')).toEqual([]);
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => /^#\/traces\/[0-9a-f]{32}$/.test(location.hash));
  await page.getByRole('heading', { name: 'Waterfall' }).waitFor();
}

describePages({ first, scene });
describeTrouble({ first, scene });
describeChanges({ first, scene });

// It makes the pipeline degraded for ten minutes: what is to be seen flowing comes before.
describe('what was given up', () => {
  scene(
    'a record that is no event is found as a dead letter, with what it was',
    async (shown) => {
      const { page } = shown;
      await produce(await shown.kafka(), physical.topic(pipeline, 'flights'), [{ key: 'story', value: broken }]);
      await shown.go(`/pipelines/${pipeline}`);
      await page.getByText('Hops as a table').click();
      await page.getByRole('region', { name: 'Hops' }).getByRole('button', { name: 'store-flights' }).click();
      const panel = page.getByRole('complementary', { name: /^Details of store-flights/ });
      const letter = panel.locator('details.letter').first();
      await letter.waitFor({ timeout: minutes });
      await letter.locator('summary').click();
      await letter.getByText(broken).waitFor();
      expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
      await letter.scrollIntoViewIfNeeded();
      expect(await shown.look('story-17-dead-letter')).toEqual([]);
    },
    2 * minutes,
  );
});

describeEnd({ first, scene });

it('nothing went wrong in the browser meanwhile', () => {
  expect(live.faults.filter((fault) => !isNotYet.test(fault))).toEqual([]);
});
