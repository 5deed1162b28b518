import type { ReactNode } from 'react';

/** Text as it stands, in a frame that scrolls and is reached by the keyboard (WCAG 2.1.1). */
export function Scroll({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="scroll" aria-label={label} tabIndex={0}>
      <pre>{children}</pre>
    </section>
  );
}
