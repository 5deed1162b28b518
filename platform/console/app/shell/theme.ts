/** Light or dark: as the system prefers, unless chosen here. `public/theme.js` reads the choice before the first paint. */
import { useSyncExternalStore } from 'react';

export type Theme = 'system' | 'light' | 'dark';
const key = 'millrace.theme';
const changed = 'millrace-theme';

export function chosenTheme(): Theme {
  const chosen = document.documentElement.dataset.theme;
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
}

export function chooseTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === 'system') localStorage.removeItem(key);
    else localStorage.setItem(key, theme);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  window.dispatchEvent(new Event(changed));
}

export function isDark(): boolean {
  const chosen = chosenTheme();
  return chosen === 'dark' || (chosen === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
}

/** What is drawn on a canvas is drawn anew by this. */
export function useIsDark(): boolean {
  return useSyncExternalStore(onTheme, isDark);
}

export function useTheme(): Theme {
  return useSyncExternalStore(onTheme, chosenTheme);
}

function onTheme(listener: () => void): () => void {
  const media = matchMedia('(prefers-color-scheme: dark)');
  media.addEventListener('change', listener);
  window.addEventListener(changed, listener);
  return () => {
    media.removeEventListener('change', listener);
    window.removeEventListener(changed, listener);
  };
}
