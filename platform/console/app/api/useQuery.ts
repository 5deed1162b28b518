/** What a route answers, kept fresh: loaded when its input changes, when an event says so, and every so often. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { PlatformEvent } from '../../../api/contract/control.ts';
import type { ResponseOf, RouteName } from '../../../api/contract/routes.ts';
import { useApi, useEvents } from '../shell/context.ts';
import type { InputOf } from './client.ts';
import { type ApiFailure, asFailure } from './failure.ts';

export interface QueryResult<T> {
  /** The last answer to this very input; kept while a newer one is under way. */
  readonly data: T | undefined;
  readonly failure: ApiFailure | undefined;
  readonly loading: boolean;
  /** When `data` came; 0 before. */
  readonly atMs: number;
  readonly reload: () => void;
}

export interface QueryOptions {
  /** Load anew after an event of the bus for which this holds; several within 300 ms cause one load. */
  readonly when?: (event: PlatformEvent) => boolean;
  /** Load anew so long after the last answer; default: not. Rests while the page is hidden. */
  readonly everyMs?: number;
}

interface Slot<T> {
  readonly key: string;
  readonly data?: T;
  readonly failure?: ApiFailure;
  readonly atMs: number;
}

/** `input` null: nothing is loaded (yet). */
export function useQuery<N extends RouteName>(
  name: N,
  input: InputOf<N> | null,
  { when, everyMs }: QueryOptions = {},
): QueryResult<ResponseOf<N>> {
  const api = useApi();
  const key = input === null ? '' : JSON.stringify([name, input]);
  const latest = useRef({ input, when });
  latest.current = { input, when };
  const [slot, setSlot] = useState<Slot<ResponseOf<N>>>({ key: '', atMs: 0 });
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((count) => count + 1), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` is the wish to load anew
  useEffect(() => {
    const { input } = latest.current;
    if (input === null) return;
    const stop = new AbortController();
    const settle = (next: Partial<Slot<ResponseOf<N>>>) =>
      setSlot(
        (slot) => ({ ...(slot.key === key ? slot : { atMs: 0 }), failure: undefined, ...next, key }) as typeof slot,
      );
    api.call(name, input, stop.signal).then(
      (data) => stop.signal.aborted || settle({ data, atMs: Date.now() }),
      (error: unknown) => stop.signal.aborted || settle({ failure: asFailure(error) }),
    );
    return () => stop.abort();
  }, [api, name, key, turn]);

  useEvents(
    useCallback((event) => latest.current.when?.(event) === true, []),
    reload,
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: the clock runs from the last answer on
  useEffect(() => {
    if (everyMs === undefined || key === '') return;
    const timer = setTimeout(() => document.hidden || reload(), everyMs);
    const onVisible = () => document.hidden || reload();
    document.addEventListener('visibilitychange', onVisible);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, [everyMs, key, slot, reload]);

  const current = slot.key === key && key !== '';
  return {
    data: current ? slot.data : undefined,
    failure: current ? slot.failure : undefined,
    loading: key !== '' && (!current || (slot.data === undefined && slot.failure === undefined)),
    atMs: current ? slot.atMs : 0,
    reload,
  };
}
