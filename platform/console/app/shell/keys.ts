/** Keyboard shortcuts of one key (`?`) or of two, one after the other (`g p`). Pure. */

export interface Shortcut {
  /** As it is typed: `?`, `g p`. */
  readonly keys: string;
  readonly title: string;
  readonly run: () => void;
}

export interface KeyState {
  readonly first: string;
  readonly atMs: number;
}

export const noKey: KeyState = { first: '', atMs: 0 };
/** Longest time between the two keys of a shortcut. */
export const betweenMs = 1200;

export interface Pressed {
  readonly state: KeyState;
  readonly shortcut: Shortcut | undefined;
}

export function press(state: KeyState, key: string, nowMs: number, shortcuts: readonly Shortcut[]): Pressed {
  const find = (keys: string) => shortcuts.find((shortcut) => shortcut.keys === keys);
  const waits = state.first !== '' && nowMs - state.atMs <= betweenMs;
  const second = waits ? find(`${state.first} ${key}`) : undefined;
  if (second !== undefined) return { state: noKey, shortcut: second };
  const opens = shortcuts.some(({ keys }) => keys.startsWith(`${key} `));
  return { state: opens ? { first: key, atMs: nowMs } : noKey, shortcut: opens ? undefined : find(key) };
}
