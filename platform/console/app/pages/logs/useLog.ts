import { useCallback, useEffect, useState } from 'react';
import type { LogLine } from '../../../../api/contract/traces.ts';
import type { Api } from '../../api/client.ts';
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
    void readLog(api, task, stop.signal, {
      onFollowing: setFollowing,
      onFailure: (error) => setFailure(asFailure(error)),
      onLines: (lines) => setBuffer((now) => append(now, lines)),
      onTail(lines) {
        setBuffer(append(emptyLog, lines));
        setLoaded(true);
        setFailure(undefined);
      },
    });
    return () => stop.abort();
  }, [api, task, turn]);

  return { buffer, loaded, following, failure, reload };
}

interface LogReader {
  onFollowing(following: Following): void;
  onFailure(error: unknown): void;
  /** The newest lines, anew. */
  onTail(lines: readonly LogLine[]): void;
  onLines(lines: readonly LogLine[]): void;
}

async function readLog(api: Api, task: string, stop: AbortSignal, reader: LogReader): Promise<void> {
  while (!stop.aborted) {
    // Until the tail is there, lines of the stream wait for it.
    let early: LogLine[] | undefined = [];
    const loadTail = async () => {
      try {
        const tail = await api.call('logs', { params: { task }, query: { lines: tailLines } }, stop);
        const rest = afterTail(tail, early ?? []);
        early = undefined;
        reader.onTail([...tail, ...rest]);
      } catch (error) {
        if (!stop.aborted) reader.onFailure(error);
      }
    };
    const onOpen = () => {
      reader.onFollowing('open');
      void loadTail();
    };
    const onLines = (lines: readonly LogLine[]) => (early === undefined ? reader.onLines(lines) : early.push(...lines));
    const options = { fetch: window.fetch.bind(window), task, signal: stop, onOpen, onLines };
    const opened = await followLog(options).catch(() => false);
    if (stop.aborted) return;
    reader.onFollowing('lost');
    if (!opened) await loadTail();
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}
