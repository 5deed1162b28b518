import { Badge } from '../../../ui/StateBadge.tsx';

/** Beside what is not kept, while the past is shown. `atMs` undefined: all is of now. */
export function OfNow({ atMs }: { readonly atMs: number | undefined }) {
  return atMs === undefined ? null : <Badge tone="off">as of now</Badge>;
}
