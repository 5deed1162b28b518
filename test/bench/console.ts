/**
 * `npm run bench:console`: how long until a graph of 1,000 nodes is first seen in headless Chromium, from an empty page on
 * and from the moment its data is there, and until ELK's layout stands. The page is the product's; only the graph is made up.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { closeBrowser, openConsole } from '../browser/browser.ts';
import { generatedGraph } from '../fixtures/console/largeGraph.ts';
import { summaries, worldHandlers } from '../fixtures/console/world.ts';

const budgetMs = 1000;
const runs = 5;
const sizes = [20, 200, 1000];
const finalWaitMs = 60_000;

/** Runs in the page before anything else: notes when boxes of the graph were first painted, and when the layout was final. */
const watch = () => {
  const times = { first: 0, final: 0 };
  Object.assign(window, { benchTimes: times });
  const note = (name: 'first' | 'final') => {
    if (times[name] !== 0) return;
    times[name] = -1;
    // The frame that shows it has been made when the task after the next frame runs.
    requestAnimationFrame(() => setTimeout(() => Object.assign(times, { [name]: performance.now() })));
  };
  new MutationObserver(() => {
    if (document.querySelector('.graph .boxes, .graph .node .box') !== null) note('first');
    if (document.querySelector('.graph[data-final="true"]') !== null) note('final');
  }).observe(document, { childList: true, subtree: true, attributes: true });
};

for (const size of sizes) {
  const graph = generatedGraph(size);
  const summary = { ...summaries[0]!, pipeline: 'bench' };
  const shown = await openConsole({ ...worldHandlers(), pipelines: () => [summary], graph: () => graph });
  await shown.page.addInitScript(watch);
  const firsts: number[] = [];
  const afterData: number[] = [];
  const finals: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    await shown.page.goto('about:blank');
    await shown.page.goto(`${shown.server.url}/#/pipelines/bench`);
    await shown.page.waitForFunction(() => (window as unknown as Watched).benchTimes.final > 0, undefined, {
      timeout: finalWaitMs,
    });
    const { first, final, data } = await shown.page.evaluate(() => {
      const answers = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
      const data = answers.find(({ name }) => name.includes('/graph'))?.responseEnd ?? 0;
      return { ...(window as unknown as Watched).benchTimes, data };
    });
    firsts.push(first);
    afterData.push(first - data);
    finals.push(final);
    await sleep(200);
  }
  const line = [
    `${graph.nodes.length} nodes, ${graph.edges.length} edges:`,
    `first painted after ${median(firsts)} ms from an empty page, ${median(afterData)} ms from its data;`,
    `ELK's layout after ${median(finals)} ms;`,
    `first paint ÷ budget of ${budgetMs} ms = ${(median(firsts) / budgetMs).toFixed(2)}`,
  ];
  console.log(line.join(' '));
  const faults = shown.faults.filter((fault) => !fault.includes('about:blank'));
  if (faults.length > 0) console.error(faults.join('\n'));
  await shown.close();
}
await closeBrowser();
console.log(`Medians of ${runs} runs each; a file server and the browser on this machine.`);

interface Watched {
  readonly benchTimes: { readonly first: number; readonly final: number };
}

function median(values: readonly number[]): number {
  return Math.round([...values].sort((one, other) => one - other)[Math.floor(values.length / 2)]!);
}
