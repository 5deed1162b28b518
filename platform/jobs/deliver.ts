/** One alert's state as a CloudEvent, and one attempt to hand it to the webhook. */
import { type Alert, type AlertFacts, alertFacts } from '../api/contract/pipelines.ts';
import { reasonOf } from '../connectors/backoff.ts';
import { signedHeaders } from './signature.ts';
import { shownUrl, type Webhook } from './webhook.ts';

/** CloudEvents 1.0, structured JSON (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md). */
export interface AlertEvent {
  readonly specversion: '1.0';
  /** Alert and state: the same for each attempt, so that a receiver that has seen it can pass it over. */
  readonly id: string;
  readonly source: string;
  readonly type: 'millrace.alert';
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: AlertFacts;
}

export function eventIdOf({ id, state }: Pick<Alert, 'id' | 'state'>): string {
  return `${id}.${state}`;
}

/** Without what became of the telling. */
export function factsOf(alert: Alert): AlertFacts {
  return alertFacts.parse(alert);
}

export function alertEvent(alert: Alert): AlertEvent {
  return {
    specversion: '1.0',
    id: eventIdOf(alert),
    source: `/millrace/pipelines/${alert.pipeline}`,
    type: 'millrace.alert',
    subject: alert.name,
    time: new Date(alert.resolvedMs ?? alert.sinceMs).toISOString(),
    datacontenttype: 'application/json',
    data: factsOf(alert),
  };
}

const answerTimeoutMs = 10_000;

/**
 * Rejects unless the webhook answers 2xx. A redirect is none: the alert would go where nobody has said it should. The message
 * of the rejection holds neither the path of the URL nor what was answered.
 */
export async function post(
  { url, secret }: Pick<Webhook, 'url' | 'secret'>,
  event: AlertEvent,
  nowMs: number,
): Promise<void> {
  const body = JSON.stringify(event);
  const headers = {
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'idempotency-key': event.id,
    ...signedHeaders(secret, event.id, body, nowMs),
  };
  let status: number;
  try {
    const signal = AbortSignal.timeout(answerTimeoutMs);
    const answer = await fetch(url, { method: 'POST', redirect: 'manual', body, headers, signal });
    await answer.body?.cancel();
    status = answer.status;
  } catch (thrown) {
    throw new Error(`${shownUrl(url)} can not be reached: ${reasonOf(thrown).replaceAll(url, shownUrl(url))}`);
  }
  if (status < 200 || status > 299) throw new Error(`${shownUrl(url)} answered ${status}`);
}
