/** Nothing there, not there yet, and gone wrong. */
import type { ReactNode } from 'react';
import type { ApiFailure } from '../api/failure.ts';
import { Icon } from './Icon.tsx';

/** Shows itself only after a moment: what comes at once should not flicker. */
export function Loading({ text = 'Loading' }: { readonly text?: string }) {
  return (
    <div className="loading" role="status">
      <span className="spinner" aria-hidden="true" />
      {text} …
    </div>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** An error as the table of errors has it: what happened, what it means, what to do. */
export function FailureView({ failure, onRetry }: { readonly failure: ApiFailure; readonly onRetry?: () => void }) {
  return (
    <div className="failure" role="alert">
      <Icon name="warning" />
      <div>
        <p>
          <strong>{failure.message}</strong> <code>{failure.code}</code>
        </p>
        <p>{failure.meaning}</p>
        <p>
          <span className="muted">Next:</span> {failure.next}
        </p>
        {onRetry && (
          <button type="button" onClick={onRetry}>
            Try again
          </button>
        )}
      </div>
    </div>
  );
}
