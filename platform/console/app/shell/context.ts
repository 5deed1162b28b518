/** What every page may use: the API, the live state, toasts, the present time. */
import { createContext, useCallback, useContext, useEffect, useSyncExternalStore } from 'react';
import type { PlatformEvent } from '../../../api/contract/control.ts';
import type { Api } from '../api/client.ts';
import type { Live } from '../live/live.ts';
import type { LiveState } from '../live/state.ts';
import type { Clock } from './clock.ts';
import type { Toasts } from './toasts.ts';

export interface AppContextValue {
  readonly api: Api;
  readonly live: Live;
  readonly toasts: Toasts;
  readonly clock: Clock;
  readonly version: string;
}

export const AppContext = createContext<AppContextValue | null>(null);

export function useApp(): AppContextValue {
  const value = useContext(AppContext);
  if (value === null) throw new Error('This component stands outside of the console.');
  return value;
}

export function useApi(): Api {
  return useApp().api;
}

/** A part of the live state. `select` must give the same object for the same state: it picks, it does not build. */
export function useLive<T>(select: (state: LiveState) => T): T {
  const { live } = useApp();
  return useSyncExternalStore(live.onChange, () => select(live.state()));
}

/** Calls `run` after events of the bus for which `when` holds, once for all within 300 ms, and after some were missed. */
export function useEvents(when: (event: PlatformEvent) => boolean, run: () => void): void {
  const { live } = useApp();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const later = () => {
      if (timer !== undefined) return;
      timer = setTimeout(() => {
        timer = undefined;
        run();
      }, 300);
    };
    const ends = [live.onEvent((event) => when(event) && later()), live.onGap(later)];
    return () => {
      for (const end of ends) end();
      clearTimeout(timer);
    };
  }, [live, when, run]);
}

/** The present time, to the second: what shows an age redraws by it. */
export function useNow(): number {
  const { clock } = useApp();
  return useSyncExternalStore(clock.onTick, clock.nowMs);
}

/** Says something in the corner, and to a screen reader. */
export function useToast(): Toasts['show'] {
  const { toasts } = useApp();
  return useCallback((...args: Parameters<Toasts['show']>) => toasts.show(...args), [toasts]);
}
