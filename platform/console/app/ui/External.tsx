import type { ReactNode } from 'react';
import { Icon } from './Icon.tsx';

/** A link out of the console. Only http and https; anything else is shown as text. */
export function External({ href, children }: { readonly href: string; readonly children: ReactNode }) {
  if (!/^https?:\/\//i.test(href)) return <span>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noreferrer noopener">
      {children} <Icon name="external" />
      <span className="sr-only"> (opens a new tab)</span>
    </a>
  );
}
