import type { OperationView } from '../../../../api/contract/control.ts';
import { Badge, toneOf } from '../../ui/StateBadge.tsx';

/** What runs is busy: it is good only when it is done. */
export function OperationBadge({ state }: { readonly state: OperationView['state'] }) {
  return <Badge tone={state === 'running' ? 'busy' : toneOf(state)}>{state}</Badge>;
}
