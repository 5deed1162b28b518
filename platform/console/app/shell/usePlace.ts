/** The place of the page, as React sees it, and how to go elsewhere. */
import { useMemo, useSyncExternalStore } from 'react';
import { hrefOf, type Place, type Query, readPlace } from './routing.ts';

export function usePlace(): Place {
  const hash = useSyncExternalStore(onHash, () => location.hash);
  return useMemo(() => readPlace(hash), [hash]);
}

export function go(path: string, query: Query = {}): void {
  location.hash = hrefOf(path, query).slice(1);
}

/** Changes the query of the present place without a new entry in the browser's history; undefined removes. */
export function refine(changes: Query): void {
  const { path, query } = readPlace(location.hash);
  history.replaceState(null, '', hrefOf(path, { ...query, ...changes }));
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}

function onHash(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}
