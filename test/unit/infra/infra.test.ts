/** infra/ is of one piece: dashboards are as they are written once, and ask for metrics and data sources that exist. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { rows, staleDashboards } from '../../../infra/dashboards.ts';
import { metrics, prometheusName } from '../../../platform/telemetry/export/metrics.ts';

const infra = (path: string) => readFileSync(new URL(`../../../infra/${path}`, import.meta.url), 'utf8');
const names = new Set<string>(Object.values(metrics).map(prometheusName));

/** Names of our metrics in a query; `_bucket` is what VictoriaMetrics makes of a histogram. Labels are not metrics. */
function metricsIn(expression: string): string[] {
  const labels = new Set(
    Object.values(metrics).flatMap(({ attributes }) => attributes.map((each) => each.replaceAll('.', '_'))),
  );
  const found = expression.replaceAll(/by \([^)]*\)|on \([^)]*\)|\{[^}]*\}/g, '').match(/millrace_[a-z_]+/g) ?? [];
  return found.map((name) => name.replace(/_bucket$/, '')).filter((name) => names.has(name) || !labels.has(name));
}

test('the dashboards are those of dashboards.ts', () => {
  expect(staleDashboards()).toEqual([]);
});

test('every query of a dashboard asks for a metric that is exported', () => {
  const asked = rows.flatMap(({ panels }) =>
    panels.flatMap(({ queries }) => queries.flatMap(({ expr }) => metricsIn(expr))),
  );
  expect(asked.length).toBeGreaterThan(10);
  for (const name of asked) expect(names).toContain(name);
});

test('every alert asks for metrics that are exported, and says what to do', () => {
  const rules = infra('prometheus/rules.yml').split('- alert: ').slice(1);
  expect(rules.length).toBeGreaterThan(5);
  for (const rule of rules) {
    const asked = metricsIn(rule.split('annotations:')[0]!);
    expect(asked.length).toBeGreaterThan(0);
    for (const name of asked) expect(names).toContain(name);
    expect(rule).toMatch(/severity: (page|ticket)/);
    for (const annotation of ['summary', 'next']) expect(rule).toContain(`          ${annotation}: '`);
  }
});

test('every panel in Grafana asks a data source that is provisioned', () => {
  const provisioned = infra('grafana/provisioning/datasources/millrace.yaml').matchAll(/^ +uid: (\S+)$/gm);
  const uids = [...provisioned].map(([, uid]) => uid);
  const board = JSON.parse(infra('grafana/dashboards/millrace.json')) as {
    panels: { id: number; type: string; gridPos: object; targets?: { datasource: { uid: string } }[] }[];
  };
  expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length);
  for (const { type, targets = [] } of board.panels) {
    if (type !== 'row') expect(targets.length).toBeGreaterThan(0);
    for (const { datasource } of targets) expect(uids).toContain(datasource.uid);
  }
});
