/** The whole console: made once, with what all pages share. */
import { useEffect, useMemo, useState } from 'react';
import type { ApiSession } from '../../../api/contract/control.ts';
import { createApi } from '../api/client.ts';
import { type ApiFailure, asFailure } from '../api/failure.ts';
import { createLive } from '../live/live.ts';
import { FailureView } from '../ui/states.tsx';
import { createClock } from './clock.ts';
import { AppContext } from './context.ts';
import { LoginNeeded } from './LoginNeeded.tsx';
import { Shell } from './Shell.tsx';
import { createToasts } from './toasts.ts';

type Entry = 'asking' | ApiSession | ApiFailure;

export function App() {
  const [entry, setEntry] = useState<Entry>('asking');
  const made = useMemo(() => {
    const call: typeof fetch = (...args) => fetch(...args);
    const onLoggedOut = () => setEntry({ authenticated: false, version: '', csrfToken: null });
    const api = createApi({ fetch: call, onLoggedOut });
    return { api, live: createLive({ api, fetch: call }), toasts: createToasts(), clock: createClock() };
  }, []);
  const inside = typeof entry === 'object' && 'authenticated' in entry && entry.authenticated;

  useEffect(() => {
    made.api.call('session', {}).then(setEntry, (error: unknown) => setEntry(asFailure(error)));
  }, [made]);
  useEffect(() => {
    if (!inside) return;
    made.live.start();
    return () => made.live.stop();
  }, [made, inside]);

  if (entry === 'asking') return null;
  if (!('authenticated' in entry)) {
    return (
      <main className="alone">
        <FailureView failure={entry} onRetry={() => location.reload()} />
      </main>
    );
  }
  if (!entry.authenticated) return <LoginNeeded />;
  return (
    <AppContext value={{ ...made, version: entry.version }}>
      <Shell />
    </AppContext>
  );
}
