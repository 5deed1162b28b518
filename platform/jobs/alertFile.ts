/** The list of alerts on disk: what fires and what fired. Written before anybody is told, so that nothing is told and forgotten. */
import { join } from 'node:path';
import { z } from 'zod';
import { type Alert, alert } from '../api/contract/pipelines.ts';
import type { Home } from '../home.ts';
import { readState, writeState } from '../state-files.ts';

/** Lists of before 2026-11-25 say neither why nor when. */
const keptAlert = alert.extend({
  refusal: alert.shape.refusal.default(null),
  rounds: alert.shape.rounds.default(1),
  told: alert.shape.told.default(null),
});
const alertFile = z.object({ format: z.literal('millrace/alerts/1'), alerts: z.array(keptAlert) });
type AlertFile = z.infer<typeof alertFile>;

/** Of those that are over; what fires is kept, however much it is. */
const keptResolved = 200;

/** Firing first, then the newest. Throws CORRUPT_STATE, FOREIGN_STATE, STATE_UNAVAILABLE. */
export function readAlerts(home: Home): readonly Alert[] {
  return readState<AlertFile>(fileOf(home), 'millrace/alerts/1', (value) => alertFile.parse(value))?.alerts ?? [];
}

export function writeAlerts(home: Home, alerts: readonly Alert[]): void {
  writeState<AlertFile>(fileOf(home), { format: 'millrace/alerts/1', alerts: [...alerts] });
}

/** In the order in which they are shown, without the oldest of those that are over. */
export function inOrder(alerts: Iterable<Alert>): readonly Alert[] {
  const sorted = [...alerts].sort((one, other) => {
    const firing = Number(other.state === 'firing') - Number(one.state === 'firing');
    return firing || other.sinceMs - one.sinceMs || (one.id < other.id ? -1 : 1);
  });
  let resolved = 0;
  // What still has to be delivered is not dropped.
  return sorted.filter(
    ({ state, delivery }) => state === 'firing' || delivery === 'queued' || ++resolved <= keptResolved,
  );
}

function fileOf({ alertsDir }: Home): string {
  return join(alertsDir, 'alerts.json');
}
