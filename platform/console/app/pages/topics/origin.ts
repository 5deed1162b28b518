/** Where a dead letter came from, by the headers that the flow gave it (connectors/kafka/deadLetter.ts; a test compares the names). */
export const originHeaders = {
  reason: 'millrace-reason',
  detail: 'millrace-detail',
  flow: 'millrace-flow',
  originTopic: 'millrace-origin-topic',
  originPartition: 'millrace-origin-partition',
  originOffset: 'millrace-origin-offset',
} as const;

export interface Origin {
  readonly reason: string;
  readonly detail: string;
  readonly flow: string;
  /** In the blueprint; with the pipeline's prefix cut off. */
  readonly topic: string | null;
  /** Null: the headers do not say, or say no number. */
  readonly partition: string | null;
  readonly offset: string | null;
}

/** Undefined: no dead letter. */
export function originOf(headers: Readonly<Record<string, string>>, pipeline: string): Origin | undefined {
  const reason = headers[originHeaders.reason];
  if (reason === undefined) return undefined;
  const topic = headers[originHeaders.originTopic];
  const prefix = `${pipeline}.`;
  return {
    reason,
    detail: headers[originHeaders.detail] ?? '',
    // A query of Spark is told from a flow by its prefix.
    flow: (headers[originHeaders.flow] ?? '').replace(/^spark:/, ''),
    topic: topic === undefined ? null : topic.startsWith(prefix) ? topic.slice(prefix.length) : topic,
    partition: whole(headers[originHeaders.originPartition]),
    offset: whole(headers[originHeaders.originOffset]),
  };
}

function whole(text: string | undefined): string | null {
  return text !== undefined && /^\d{1,18}$/.test(text) ? text : null;
}

/** W3C traceparent (https://www.w3.org/TR/trace-context/), sampled or not; null for anything else. */
export function traceIdOf(traceparent: string | undefined): string | null {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(traceparent ?? '')?.[1] ?? null;
}
