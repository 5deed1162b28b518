/** Makes the marked events of a run and sends them through the public ingress. */
import { pause } from '../connectors/backoff.ts';
import { type BatchRefusal, postBatch } from '../connectors/http/postBatch.ts';
import { fail } from '../errors.ts';
import type { VerifySpec } from '../model/blueprint.ts';
import { createTokenBucket } from '../model/tokenBucket.ts';
import { formatTraceparent, newSpanId, newTraceId } from '../telemetry/context.ts';

export interface SendPlan {
  readonly pipeline: string;
  readonly verify: VerifySpec;
  readonly mark: string;
  readonly events: number;
  readonly ratePerSecond: number;
  /** Base URL of the ingress. */
  readonly ingressUrl: string;
  /** Longest time without any acknowledgement; then sending ends with what there is. */
  readonly patienceMs: number;
}

export interface SendHooks {
  /** The batch was acknowledged. `sentMs`: when its first attempt began (`performance.now`). */
  acknowledged(ids: readonly string[], sentMs: number): Promise<void>;
  retried(reason: string): void;
}

export interface SendOutcome {
  readonly sent: number;
  /** Sent, and neither acknowledged nor known to be refused: they may be stored. */
  readonly unacknowledged: number;
  readonly reason: string;
}

export const maxBatchEvents = 500;
const batchesPerSecond = 20;

/** `mwt3xv4y7k2f`: the time in base 36, then randomness. Letters and digits, so that it fits into any field. */
export function newMark(nowMs: number): string {
  return `m${nowMs.toString(36)}${newSpanId().slice(0, 4)}`;
}

export function eventId(mark: string, index: number): string {
  return `verify-${mark}-${index}`;
}

/** The first event is traced; the others ask not to be, so that verification does not fill the span files. */
export function markedEvent(
  plan: Pick<SendPlan, 'pipeline' | 'verify' | 'mark'>,
  index: number,
): Record<string, unknown> {
  const id = eventId(plan.mark, index);
  const data = Object.entries(plan.verify.event).map(([field, value]) => [
    field,
    typeof value === 'string' ? fillIn(value, plan.mark, id) : value,
  ]);
  return {
    specversion: '1.0',
    id,
    source: `millrace/${plan.pipeline}/verify`,
    type: plan.verify.eventType,
    time: new Date().toISOString(),
    traceparent: formatTraceparent({ traceId: newTraceId(), spanId: newSpanId(), sampled: index === 0 }),
    data: Object.fromEntries(data),
  };
}

export function fillIn(template: string, mark: string, id: string): string {
  return template.replaceAll('{mark}', mark).replaceAll('{eventId}', id);
}

/**
 * Sends at the rate, batch after batch, each until it is acknowledged: broken connections, 429 and 503 are tried again under
 * the same ids. Throws INVALID_BLUEPRINT when the ingress finds the blueprint's own event invalid.
 */
export async function sendMarkedEvents(plan: SendPlan, hooks: SendHooks): Promise<SendOutcome> {
  const size = Math.max(1, Math.min(maxBatchEvents, Math.round(plan.ratePerSecond / batchesPerSecond)));
  const bucket = createTokenBucket(plan.ratePerSecond, size);
  const url = new URL('/events', plan.ingressUrl).href;
  for (let first = 0; first < plan.events; first += size) {
    const count = Math.min(size, plan.events - first);
    for (let wait = 1; wait > 0; ) {
      wait = bucket.take(count, performance.now());
      if (wait > 0) await pause(wait);
    }
    const events = Array.from({ length: count }, (_, offset) => markedEvent(plan, first + offset));
    const sentMs = performance.now();
    const reason = await sendUntilAcknowledged(plan, url, events, hooks);
    if (reason !== undefined) return { sent: first + count, unacknowledged: count, reason };
    await hooks.acknowledged(
      events.map((event) => String(event.id)),
      sentMs,
    );
  }
  return { sent: plan.events, unacknowledged: 0, reason: '' };
}

/** Undefined once acknowledged; else why it was given up. */
async function sendUntilAcknowledged(
  plan: SendPlan,
  url: string,
  events: readonly unknown[],
  hooks: SendHooks,
): Promise<string | undefined> {
  const deadlineMs = performance.now() + plan.patienceMs;
  for (let failures = 0; ; failures++) {
    const outcome = await postBatch(url, events);
    if (outcome.kind === 'accepted') return undefined;
    if (outcome.kind === 'invalid') {
      fail('INVALID_BLUEPRINT', { name: plan.pipeline, path: 'verify.event', reason: outcome.reason });
    }
    hooks.retried(outcome.reason);
    if (performance.now() > deadlineMs) return outcome.reason;
    await pause(pauseMs(outcome, failures));
  }
}

function pauseMs(refusal: BatchRefusal, failures: number): number {
  const askedMs = refusal.kind === 'later' ? refusal.retryAfterMs : undefined;
  return askedMs ?? Math.min(2000, 100 * 2 ** Math.min(failures, 5));
}
