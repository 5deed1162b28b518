/** What the webhook is still to be told, and when it is worth another try. Pure. */
import type { Alert } from '../api/contract/pipelines.ts';
import type { Webhook } from './webhook.ts';

export interface Moment {
  readonly webhook: Pick<Webhook, 'sinceMs' | 'setMs'>;
  /** When it last took an alert, as far as this process knows; 0: not yet. */
  readonly answeredMs: number;
  readonly nowMs: number;
  /** What was given up is tried again after this long, whatever happens. */
  readonly againAfterMs: number;
}

/** The last attempts of a round lie as far apart. */
export const defaultAgainAfterMs = 15 * 60_000;

/** An end that could not be told for so long is no news any more. */
const newsMs = 86_400_000;

/** Whether it is still worth telling: what fires always is. */
export function isNews({ state, resolvedMs }: Pick<Alert, 'state' | 'resolvedMs'>, nowMs: number): boolean {
  return state === 'firing' || nowMs - (resolvedMs ?? 0) <= newsMs;
}

/** Whether this state of an alert is to be put into the queue (again). Nothing that is in the queue already is. */
export function isOwed(alert: Alert, moment: Moment): boolean {
  const { state, delivery, told } = alert;
  if (state === 'firing') {
    if (delivery === null) return true;
    if (delivery === 'failed') return isDue(alert, moment);
    // It fires still, and whom it was told is not asked any more.
    return delivery === 'delivered' && told !== null && isOfAnother(told, moment.webhook);
  }
  if (!isNews(alert, moment.nowMs)) return false;
  // The end of what nobody was told of is nothing to tell; but the end of what somebody believes to go on is.
  if (delivery === null) return told?.state === 'firing';
  return delivery === 'failed' && isDue(alert, moment);
}

/** Whether something has happened since the last refusal that makes the next attempt promising: it need not wait. */
export function isPromising({ refusal }: Alert, { webhook, answeredMs, nowMs }: Moment): boolean {
  // From before the clock was set back: it would stay news until then, and hurry every attempt.
  const past = [webhook.setMs, answeredMs].filter((ms) => ms <= nowMs);
  return refusal !== null && past.some((ms) => refusal.atMs < ms);
}

/** By the kept value where there is one: a time would be wrong after a clock that was set back, and tell it again for ever. */
function isOfAnother(told: NonNullable<Alert['told']>, { sinceMs }: Moment['webhook']): boolean {
  return told.webhookSinceMs === null ? told.atMs < sinceMs : told.webhookSinceMs !== sinceMs;
}

function isDue(alert: Alert, moment: Moment): boolean {
  if (alert.refusal === null) return true;
  // Also after a clock that was set back.
  const isLongAgo = Math.abs(moment.nowMs - alert.refusal.atMs) >= moment.againAfterMs;
  return isLongAgo || isPromising(alert, moment);
}
