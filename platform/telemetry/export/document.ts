/** The table of docs/reference/metrics.md, out of the metrics. `--write` puts it in place. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Metric, metrics, prometheusName } from './metrics.ts';

export const metricsPage = fileURLToPath(new URL('../../../docs/reference/metrics.md', import.meta.url));
const [begin, end] = ['<!-- table: made by platform/telemetry/export/document.ts -->', '<!-- end of table -->'];

export function renderMetricsTable(): string {
  const head =
    '| metric, and its name in Prometheus | type | unit | what | attributes |\n| --- | --- | --- | --- | --- |\n';
  return head + Object.values(metrics).map(row).join('');
}

function row(metric: Metric): string {
  const attributes = metric.attributes.map((name) => `\`${name}\``).join(' ');
  const names = `\`${metric.name}\`<br>\`${prometheusName(metric)}\``;
  return `| ${names} | ${metric.type} | \`${metric.unit}\` | ${metric.description} | ${attributes} |\n`;
}

/** The page with the table as it should be. Throws when the page has lost its marks. */
export function renderMetricsPage(page: string): string {
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${metricsPage} lacks the marks of its table`);
  return `${before}${begin}\n\n${renderMetricsTable()}\n${end}${after}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv.includes('--write')) {
  writeFileSync(metricsPage, renderMetricsPage(readFileSync(metricsPage, 'utf8')));
}
