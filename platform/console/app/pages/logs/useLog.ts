import { useCallback, useEffect, useState } from 'react';
import type { LogLine } from '../../../../api/contract/traces.ts';
import { type ApiFailure, asFailure } from '../../api/failure.ts';
import { useApi } from '../../shell/context.ts';
import { afterTail, followLog } from './follow.ts';
import { append, emptyLog, type LogBuffer } from './lines.ts';

export type Following = 'opening' | 'open' | 'lost';
export interface LogState {
  readonly buffer: LogBuffer;
  readonly loaded: boolean;
  readonly following: Following;
  readonly failure: ApiFailure | undefined;
  readonly reload: () => void;
}

const tailLines = 500;
const retryMs = 2000;

/** Tail and stream of a task's log; the stream is taken up again, and the tail with it, after a loss. */
export function useLog(task: string | null): LogState {
  const api = useApi();
  const [buffer, setBuffer] = useState<LogBuffer>(emptyLog);
  const [loaded, setLoaded] = useState(false);
  const [following, setFollowing] = useState<Following>('opening');
  const [failure, setFailure] = useState<ApiFailure>();
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((count) => count + 1), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` is the wish to begin anew
  useEffect(() => {
    setBuffer(emptyLog);
    setLoaded(false);
    setFailure(undefined);
    if (task === null) return;
    const stop = new AbortController();
    let early: LogLine[] | undefined = [];
    const show = (lines: readonly LogLine[]) => {
      if (early === undefined) setBuffer((now) => append(now, lines));
      else early.push(...lines);
    };
    const begin = async () => {
      early = [];
      const tail = await api.call('logs', { params: { task }, query: { lines: tailLines } }, stop.signal);
      const rest = afterTail(tail, early);
      early = undefined;
      setBuffer(append(append(emptyLog, tail), rest));
      setLoaded(true);
    };
    const onFailure = (error: unknown) => stop.signal.aborted || setFailure(asFailure(error));
    const run = async () => {
      while (!stop.signal.aborted) {
        setFollowing('opening');
        const onOpen = () => {
          setFollowing('open');
          begin().catch(onFailure);
        };
        const opened = await followLog({
          fetch: window.fetch.bind(window),
          task,
          signal: stop.signal,
          onOpen,
          onLines: show,
        }).catch(() => false);
        if (stop.signal.aborted) return;
        setFollowing('lost');
        if (!opened) await begin().catch(onFailure);
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    };
    void run();
    return () => stop.abort();
  }, [api, task, turn]);

  return { buffer, loaded, following, failure, reload };
}
