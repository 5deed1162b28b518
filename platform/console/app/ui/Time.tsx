import { formatAge, formatDateTime, formatMoment } from '../format/times.ts';
import { useNow } from '../shell/context.ts';

/** A moment; the full date stands in its title. */
export function Time({ atMs }: { readonly atMs: number }) {
  const nowMs = useNow();
  return (
    <time dateTime={new Date(atMs).toISOString()} title={formatDateTime(atMs)}>
      {formatMoment(atMs, nowMs)}
    </time>
  );
}

/** How long ago; keeps going. */
export function Age({ atMs }: { readonly atMs: number }) {
  const nowMs = useNow();
  return (
    <time dateTime={new Date(atMs).toISOString()} title={formatDateTime(atMs)}>
      {formatAge(atMs, nowMs)}
    </time>
  );
}
