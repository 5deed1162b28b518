import { useEffect, useMemo, useRef, useState } from 'react';
import { pages } from '../pages.ts';
import { ConnectionBanner } from './ConnectionBanner.tsx';
import { HelpDialog } from './HelpDialog.tsx';
import { Navigation } from './Navigation.tsx';
import { PageView } from './PageView.tsx';
import { ToastList } from './ToastList.tsx';
import { go, usePlace } from './usePlace.ts';
import { useKeyboard, useShortcuts } from './useShortcuts.ts';

export function Shell() {
  const [helpOpen, setHelpOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const { path } = usePlace();
  const shortcuts = useMemo(
    () => [
      ...pages.flatMap(({ path, title, navigation }) =>
        navigation === undefined ? [] : [{ keys: navigation.keys, title, run: () => go(path) }],
      ),
      { keys: '?', title: 'This help', run: () => setHelpOpen(true) },
    ],
    [],
  );
  useKeyboard();
  useShortcuts('Everywhere', shortcuts);
  useFocusAtRoute(path, main);

  return (
    <div className="shell">
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        Skip to content
      </button>
      <Navigation onHelp={() => setHelpOpen(true)} />
      <div className="content">
        <ConnectionBanner />
        <main ref={main} id="main" tabIndex={-1}>
          <PageView />
        </main>
      </div>
      <ToastList />
      <HelpDialog open={helpOpen} onClose={() => setHelpOpen(false)} />
    </div>
  );
}

/** After a change of the path the reading goes on at the top of the new page; a change of its query moves nothing. */
function useFocusAtRoute(path: string, main: React.RefObject<HTMLElement | null>): void {
  const last = useRef(path);
  useEffect(() => {
    if (last.current === path) return;
    last.current = path;
    main.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [path, main]);
}
