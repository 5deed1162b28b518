import { useSyncExternalStore } from 'react';
import { Icon } from '../ui/Icon.tsx';
import { useApp } from './context.ts';

export function ToastList() {
  const { toasts } = useApp();
  const list = useSyncExternalStore(toasts.onChange, toasts.list);
  return (
    <section className="toasts" aria-live="polite" aria-label="Notes">
      {list.map(({ id, kind, text, link }) => (
        <div key={id} className={`toast ${kind}`}>
          <span>{text}</span>
          {link && <a href={link.href}>{link.text}</a>}
          <button type="button" className="quiet icon-button" aria-label="Close" onClick={() => toasts.close(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </section>
  );
}
