/** Where in a topic one looks: newest, from an offset of a partition, or from a time. Its place is the URL. */
import type { Message, TopicInfo } from '../../../../api/contract/data.ts';

export interface Position {
  readonly mode: 'newest' | 'offset' | 'time';
  /** Empty: all partitions. An offset needs one. */
  readonly partition: string;
  readonly offset: string;
  /** As a `datetime-local` input has it: `2026-11-24T20:15`, in the browser's zone; or ms since 1970. */
  readonly time: string;
}
export const newest: Position = { mode: 'newest', partition: '', offset: '', time: '' };

export function positionFromUrl(query: Readonly<Record<string, string>>): Position {
  const get = (name: string) => query[name] ?? '';
  const mode = get('offset') !== '' ? 'offset' : get('time') !== '' ? 'time' : 'newest';
  return { mode, partition: get('partition'), offset: get('offset'), time: get('time') };
}

export function positionToUrl({ mode, partition, offset, time }: Position): Record<string, string> {
  return {
    ...(partition !== '' && { partition }),
    ...(mode === 'offset' && offset !== '' && { offset }),
    ...(mode === 'time' && time !== '' && { time }),
  };
}

const whole = /^\d{1,16}$/;
export function positionFault({ mode, partition, offset, time }: Position, topic: TopicInfo): string | undefined {
  const most = topic.partitions.length - 1;
  if (partition !== '' && !(whole.test(partition) && Number(partition) <= most))
    return `The partition must be a whole number from 0 to ${most}.`;
  if (mode === 'offset' && !whole.test(offset)) return 'The offset must be a whole number of at least 0.';
  if (mode === 'offset' && partition === '' && most > 0) return 'An offset needs a partition: each counts its own.';
  if (mode === 'time' && timeMs(time) === undefined) return 'The time must be a date and a time.';
  return undefined;
}

export interface MessagesAsked {
  readonly partition?: number;
  readonly offset?: number;
  readonly fromMs?: number;
  readonly limit: number;
}
/** Only for a position without a fault. */
export function messagesAsked({ mode, partition, offset, time }: Position, limit: number): MessagesAsked {
  const fromMs = mode === 'time' ? timeMs(time) : undefined;
  return {
    ...(partition !== '' && { partition: Number(partition) }),
    ...(mode === 'offset' && { offset: Number(offset), partition: Number(partition || '0') }),
    ...(fromMs !== undefined && { fromMs }),
    limit,
  };
}

function timeMs(time: string): number | undefined {
  if (/^\d{10,15}$/.test(time)) return Number(time);
  const ms = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(time) ? Date.parse(time) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** The offset a page on or back starts at, within what the partition holds; undefined where there is none. */
export function turnPage(
  topic: TopicInfo,
  partition: number,
  shown: readonly Pick<Message, 'partition' | 'offset'>[],
  limit: number,
  direction: 'older' | 'newer',
): number | undefined {
  const bounds = topic.partitions.find((each) => each.partition === partition);
  const offsets = shown.filter((each) => each.partition === partition).map((each) => Number(each.offset));
  if (bounds === undefined || offsets.length === 0) return undefined;
  if (direction === 'newer') {
    const next = Math.max(...offsets) + 1;
    return next < bounds.endOffset ? next : undefined;
  }
  const first = Math.min(...offsets);
  return first > bounds.startOffset ? Math.max(bounds.startOffset, first - limit) : undefined;
}
