/** Alerts of a moment. Pure. */
import type { Alert } from '../../../../../api/contract/pipelines.ts';

/** Those that were firing then, in the state of then; all, as they are, for the present. */
export function alertsAt(alerts: readonly Alert[], atMs: number | undefined): readonly Alert[] {
  if (atMs === undefined) return alerts;
  return alerts
    .filter(({ sinceMs, resolvedMs }) => sinceMs <= atMs && (resolvedMs === null || resolvedMs > atMs))
    .map((alert) => ({ ...alert, state: 'firing' }));
}
