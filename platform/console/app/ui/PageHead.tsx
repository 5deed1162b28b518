import type { ReactNode } from 'react';

/** Top of a page: where one is, what is shown, what can be done. */
export function PageHead(props: {
  readonly title: string;
  /** The page above. */
  readonly up?: { readonly href: string; readonly text: string };
  readonly beside?: ReactNode;
  readonly children?: ReactNode;
}) {
  const { title, up, beside, children } = props;
  return (
    <div className="page-head">
      <div className="page-title">
        {up && (
          <nav aria-label="Breadcrumb">
            <a href={up.href}>{up.text}</a>
            <span aria-hidden="true"> /</span>
          </nav>
        )}
        <h1>{title}</h1>
        {beside}
      </div>
      {children && <div className="page-actions">{children}</div>}
    </div>
  );
}
