/** One batch of CloudEvents to an ingress, and what came of it. Shared by the feed and by verification. */
export type BatchOutcome = { readonly kind: 'accepted' } | BatchRefusal;
export type BatchRefusal =
  /** To be sent again under the same ids, not before `retryAfterMs` where the ingress named a time. */
  | { readonly kind: 'later'; readonly reason: string; readonly retryAfterMs: number | undefined }
  /** The event at `index` is not acceptable; the others are good as far as is known. */
  | { readonly kind: 'invalid'; readonly index: number; readonly reason: string };

/** Longer than the ingress waits for its broker. */
const timeoutMs = 15_000;

/**
 * Never rejects. A connection that breaks is `later`: whether the events were stored is not known, and the same ids make it
 * harmless. An answer that is none of the ingress's own is `later`, too.
 */
export async function postBatch(url: string, events: readonly unknown[]): Promise<BatchOutcome> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents-batch+json' },
      body: JSON.stringify(events),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body = (await response.json().catch(() => undefined)) as AnswerBody | undefined;
    return outcomeOf(response, body, events.length);
  } catch (error) {
    const cause = (error as Error).cause;
    const reason = cause instanceof Error && cause.message !== '' ? cause.message : (error as Error).message;
    return { kind: 'later', reason: `the ingress does not answer: ${reason}`, retryAfterMs: undefined };
  }
}

interface AnswerBody {
  readonly accepted?: number;
  readonly message?: string;
  readonly details?: { readonly path?: unknown };
}

function outcomeOf(response: Response, body: AnswerBody | undefined, count: number): BatchOutcome {
  if (response.status === 202 && body?.accepted === count) return { kind: 'accepted' };
  const reason = body?.message ?? `the ingress answered ${response.status}`;
  const index = indexOf(body?.details?.path);
  if ((response.status === 400 || response.status === 413) && index !== undefined && index < count) {
    return { kind: 'invalid', index, reason };
  }
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return { kind: 'later', reason, retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : undefined };
}

/** `/3/data/delay_minutes` → 3. */
function indexOf(path: unknown): number | undefined {
  const found = typeof path === 'string' ? /^\/(\d+)(?:\/|$)/.exec(path) : null;
  return found === null ? undefined : Number(found[1]);
}
