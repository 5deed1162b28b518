import { type RefObject, useMemo } from 'react';
import { useShortcuts } from '../shell/useShortcuts.ts';

/** `/` goes to the first field inside of `frame`: the search, or the filter, of a page. */
export function useFindShortcut(page: string, frame: RefObject<HTMLElement | null>): void {
  const shortcuts = useMemo(
    () => [{ keys: '/', title: 'Search', run: () => frame.current?.querySelector('input')?.focus() }],
    [frame],
  );
  useShortcuts(page, shortcuts);
}
