/** Shortcuts that hold while a component is there; the help dialog lists them. */
import { useEffect, useSyncExternalStore } from 'react';
import { noKey, press, type Shortcut } from './keys.ts';

interface Board {
  readonly groups: readonly { readonly title: string; readonly shortcuts: readonly Shortcut[] }[];
  readonly on: boolean;
}

const storageKey = 'millrace.shortcuts';
const listeners = new Set<() => void>();
let board: Board | undefined;

/** `shortcuts` must be kept by the caller (useMemo), else they are set anew at each render. */
export function useShortcuts(title: string, shortcuts: readonly Shortcut[]): void {
  useEffect(() => {
    const group = { title, shortcuts };
    set({ ...read(), groups: [...read().groups, group] });
    return () => set({ ...read(), groups: read().groups.filter((each) => each !== group) });
  }, [title, shortcuts]);
}

export function useShortcutBoard(): Board {
  return useSyncExternalStore(listen, read);
}

/** Single keys can be in the way of speech input (WCAG 2.1.4): they can be turned off. */
export function turnShortcuts(on: boolean): void {
  try {
    localStorage.setItem(storageKey, on ? 'on' : 'off');
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  set({ ...read(), on });
}

/** Listens to the keyboard; once, by the shell. */
export function useKeyboard(): void {
  useEffect(() => {
    let state = noKey;
    const onKey = (event: KeyboardEvent) => {
      const { on, groups } = read();
      if (!on || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event)) return;
      const pressed = press(
        state,
        event.key,
        event.timeStamp,
        groups.flatMap(({ shortcuts }) => shortcuts),
      );
      state = pressed.state;
      if (pressed.shortcut === undefined) return;
      event.preventDefault();
      pressed.shortcut.run();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

function isTyping({ target }: KeyboardEvent): boolean {
  if (document.querySelector('dialog[open]') !== null) return true;
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}

function read(): Board {
  board ??= { groups: [], on: storedOn() };
  return board;
}

function set(next: Board): void {
  board = next;
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

function storedOn(): boolean {
  try {
    return localStorage.getItem(storageKey) !== 'off';
  } catch {
    return true;
  }
}
