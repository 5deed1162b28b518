/** Waiting that can be ended early, and delays that grow. */

/** Resolves after `ms`, or at once when `signal` fires. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}

/** Exponential, with a fifth of jitter so that the flows of a group do not all knock at the same moment. */
export class Backoff {
  readonly #firstMs: number;
  readonly #mostMs: number;
  #attempt = 0;

  constructor(firstMs: number, mostMs: number) {
    this.#firstMs = firstMs;
    this.#mostMs = mostMs;
  }

  /** The delay before the next attempt, in milliseconds. */
  nextMs(): number {
    const delayMs = Math.min(this.#mostMs, this.#firstMs * 2 ** Math.min(this.#attempt++, 30));
    return delayMs * (0.9 + Math.random() * 0.2);
  }

  reset(): void {
    this.#attempt = 0;
  }
}

/** The message of whatever was thrown, with what caused it, on one line; a server's stack in it is left out. */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const message = thrown.message || thrown.name;
  const inner = thrown instanceof AggregateError ? thrown.errors[0] : thrown.cause;
  const line = inner instanceof Error && inner.message !== message ? `${message}: ${inner.message}` : message;
  return line
    .replace(/\n\s*at .*$/s, '')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 500);
}
