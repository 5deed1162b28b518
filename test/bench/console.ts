/**
 * `npm run bench:console`: how long until a graph of 1,000 nodes is first seen in headless Chromium, from an empty page on
 * and from the moment its data is there, and until ELK's layout stands. The page is the product's; only the graph is made up.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { GraphEdge, GraphNode, PipelineGraph } from '../../platform/api/contract/pipelines.ts';
import { closeBrowser, openConsole } from '../browser/browser.ts';
import { randomOf, summaries, worldHandlers, worldMs } from '../fixtures/console/world.ts';

const budgetMs = 1000;
const runs = 5;
const sizes = [20, 200, 1000];
const finalWaitMs = 60_000;

const kinds: readonly GraphNode['kind'][] = ['ingress', 'topic', 'job', 'flow', 'table'];

/** Layers of 25, each node fed by one or two of the layer before; the same for the same size. */
export function generatedGraph(count: number): PipelineGraph {
  const random = randomOf(count);
  const width = Math.min(25, Math.ceil(count / 5));
  const nodes = Array.from({ length: count }, (_, at): GraphNode => {
    const kind = kinds[Math.floor(at / width) % kinds.length]!;
    const state = random() > 0.96 ? 'degraded' : 'ok';
    return { id: `${kind}:n${at}`, kind, name: `n${at}`, state, reason: 'Made up.', tasks: [] };
  });
  const edges = nodes.flatMap((node, at): GraphEdge[] => {
    if (at < width) return [];
    const layer = Math.floor(at / width) - 1;
    const sources = [0, ...(random() > 0.2 ? [1] : [])].map(
      () => layer * width + Math.floor(((random() + 1) / 2) * width),
    );
    return [...new Set(sources)].map((source) => edge(nodes[Math.min(source, count - 1)]!, node, at));
  });
  return { pipeline: 'bench', atMs: worldMs, state: 'flowing', reason: 'Made up.', nodes, edges };
}

function edge(from: GraphNode, to: GraphNode, at: number): GraphEdge {
  const latency = { p50Ms: 2 + (at % 30), p99Ms: 20 + (at % 200), count: 100 };
  return {
    id: `${from.id}>${to.id}`,
    from: from.id,
    to: to.id,
    stage: to.name,
    ratePerSecond: at,
    latency,
    lagRecords: at,
    lagSeconds: at % 7,
  };
}

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
