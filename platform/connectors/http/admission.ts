/** Decides whether a request comes in: by rate, by what is on its way already, and by whether the broker can take it. */
import type { TokenBucket } from '../../model/tokenBucket.ts';
import { createTokenBucket } from '../../model/tokenBucket.ts';
import { IngressFault, unavailable } from './fault.ts';
import type { BodyBudget } from './requestBody.ts';

export interface AdmissionLimits {
  readonly maxEventsPerSecond: number;
  /** Events accepted from callers and not yet acknowledged by the broker. */
  readonly maxInFlightEvents: number;
  /** Bytes of request bodies held at once. */
  readonly maxInFlightBytes: number;
}

export const inFlightLimits = { maxInFlightEvents: 20_000, maxInFlightBytes: 64 * 1024 * 1024 } as const;

export interface Admission {
  readonly bodies: BodyBudget;
  readonly inFlightEvents: number;
  /** Before the body is read: throws EVENTS_TOO_FAST or INGRESS_UNAVAILABLE when not even one event could come in. */
  checkHead(nowMs: number, brokerWaitsFor: string | undefined): void;
  /** Takes `events` in, or throws EVENTS_TOO_FAST or INGRESS_UNAVAILABLE. What is taken in is given back by `release`. */
  admit(events: number, nowMs: number): void;
  release(events: number): void;
}

/** A second's worth of events may come at once. */
export function createAdmission(limits: AdmissionLimits): Admission {
  const { maxEventsPerSecond, maxInFlightEvents, maxInFlightBytes } = limits;
  const bucket: TokenBucket = createTokenBucket(maxEventsPerSecond, Math.max(1, maxEventsPerSecond));
  const bodies: BodyBudget = { maxBytes: maxInFlightBytes, usedBytes: 0 };
  let inFlightEvents = 0;

  function tooFast(waitMs: number): IngressFault {
    const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
    return new IngressFault('EVENTS_TOO_FAST', { maxEventsPerSecond, retryAfterSeconds });
  }

  return {
    bodies,
    get inFlightEvents() {
      return inFlightEvents;
    },
    checkHead(nowMs, brokerWaitsFor) {
      if (brokerWaitsFor !== undefined) throw unavailable(brokerWaitsFor);
      if (inFlightEvents >= maxInFlightEvents) throw unavailable(`${inFlightEvents} events are on their way to Kafka`);
      const available = bucket.available(nowMs);
      if (available < 1) throw tooFast(((1 - available) * 1000) / maxEventsPerSecond);
    },
    admit(events, nowMs) {
      if (inFlightEvents + events > maxInFlightEvents && inFlightEvents > 0) {
        throw unavailable(`${inFlightEvents} events are on their way to Kafka`);
      }
      const waitMs = bucket.take(events, nowMs);
      if (waitMs > 0) throw tooFast(waitMs);
      inFlightEvents += events;
    },
    release(events) {
      inFlightEvents -= events;
    },
  };
}
