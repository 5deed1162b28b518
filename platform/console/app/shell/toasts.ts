/** Short notes that come and go. */
export type ToastKind = 'note' | 'good' | 'bad';

export interface Toast {
  readonly id: number;
  readonly kind: ToastKind;
  readonly text: string;
  readonly link: { readonly href: string; readonly text: string } | undefined;
}

export interface Toasts {
  show(kind: ToastKind, text: string, link?: Toast['link']): void;
  close(id: number): void;
  list(): readonly Toast[];
  onChange(listener: () => void): () => void;
}

/** What is bad stays until it is closed. */
const stayMs = 6000;
const maxToasts = 4;

export function createToasts(): Toasts {
  let toasts: readonly Toast[] = [];
  let lastId = 0;
  const listeners = new Set<() => void>();
  const set = (next: readonly Toast[]) => {
    toasts = next;
    for (const listener of listeners) listener();
  };
  const close = (id: number) => set(toasts.filter((toast) => toast.id !== id));
  return {
    show(kind, text, link) {
      lastId += 1;
      const id = lastId;
      set([...toasts, { id, kind, text, link }].slice(-maxToasts));
      if (kind !== 'bad') setTimeout(() => close(id), stayMs);
    },
    close,
    list: () => toasts,
    onChange(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
