import type { ReactNode } from 'react';
import type { QueryResult } from '../api/useQuery.ts';
import { FailureView, Loading } from './states.tsx';

/** What a query has brought: loading, its failure, or its data. After a failed reload the former data stays, with the failure. */
export function Answer<T>(props: { readonly of: QueryResult<T>; readonly children: (data: T) => ReactNode }) {
  const { of, children } = props;
  if (of.data === undefined) {
    return of.failure === undefined ? <Loading /> : <FailureView failure={of.failure} onRetry={of.reload} />;
  }
  return (
    <>
      {of.failure !== undefined && <FailureView failure={of.failure} onRetry={of.reload} />}
      {children(of.data)}
    </>
  );
}
