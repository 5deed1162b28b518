/** Records of topics as text, decoded by the topic's schema. Pure. */
import type { RawRecord } from '../../connectors/contract.ts';
import { compileDecoder, defaultMaxValueBytes, isPoison } from '../../connectors/event.ts';
import { deadLetterHeaders } from '../../connectors/kafka/deadLetter.ts';
import type { EventSchema } from '../../model/schema.ts';
import type { DeadLetter, Message } from '../contract/data.ts';

const longest = { valueBytes: 64 * 1024, headerBytes: 4096, headers: 100 } as const;

/** `schema`: of what the topic is meant to hold; without one nothing is decoded. */
export function messagesOf(records: readonly RawRecord[], schema?: EventSchema): Message[] {
  const decode = schema && compileDecoder({ schema, maxValueBytes: defaultMaxValueBytes });
  return records.map((record) => {
    const decoded = decode?.(record);
    const isEvent = decoded !== undefined && !isPoison(decoded);
    return {
      topic: record.topic,
      partition: record.partition,
      offset: record.offset,
      timestampMs: record.timestampMs,
      key: textOf(record.key, longest.headerBytes),
      value: textOf(record.value, longest.valueBytes),
      truncated: (record.value?.length ?? 0) > longest.valueBytes,
      headers: headersOf(record),
      decoded: isEvent ? { ...decoded.fields } : null,
      problem: decoded !== undefined && isPoison(decoded) ? `${decoded.reason}: ${decoded.detail}` : null,
    };
  });
}

export function deadLettersOf(records: readonly RawRecord[]): DeadLetter[] {
  return messagesOf(records).map((message) => {
    const { headers } = message;
    const detail = headers[deadLetterHeaders.detail];
    const partition = headers[deadLetterHeaders.originPartition];
    return {
      ...message,
      stage: (headers[deadLetterHeaders.flow] ?? 'unknown').replace(/^spark:/, ''),
      reason: [headers[deadLetterHeaders.reason] ?? 'unknown', detail].filter(Boolean).join(': '),
      originTopic: headers[deadLetterHeaders.originTopic] ?? null,
      originPartition: partition === undefined || !/^\d+$/.test(partition) ? null : Number(partition),
      originOffset: headers[deadLetterHeaders.originOffset] ?? null,
    };
  });
}

/** Bytes that are no UTF-8 show as U+FFFD. */
function textOf(bytes: Buffer | null, mostBytes: number): string | null {
  return bytes === null ? null : bytes.toString('utf8', 0, Math.min(bytes.length, mostBytes));
}

function headersOf({ headers }: RawRecord): Record<string, string> {
  const entries = Object.entries(headers).slice(0, longest.headers);
  const shown = entries.map(([name, value]) => {
    const text = typeof value === 'string' ? value : (value?.toString('utf8') ?? '');
    return [name, text.slice(0, longest.headerBytes)];
  });
  return Object.fromEntries(shown) as Record<string, string>;
}
