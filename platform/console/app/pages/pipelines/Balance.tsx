import type { PipelineSummary } from '../../../../api/contract/pipelines.ts';
import { formatCount, plural } from '../../format/numbers.ts';
import { Badge } from '../../ui/StateBadge.tsx';

/** The ledger in one word, and the windows behind it. */
export function Balance({ ledger }: { readonly ledger: PipelineSummary['ledger'] }) {
  const { balanced, inFlight, unbalanced, acknowledged, unknown, lost, duplicated } = ledger;
  const faults = [
    ...(lost > 0 ? [`${formatCount(lost)} lost`] : []),
    ...(duplicated > 0 ? [`${formatCount(duplicated)} doubled`] : []),
  ];
  const parts = [
    ...(balanced > 0 ? [`${plural(balanced, 'window')} balanced`] : []),
    ...(inFlight > 0 ? [`${formatCount(inFlight)} in flight`] : []),
    ...(unbalanced > 0 ? [`${formatCount(unbalanced)} unbalanced`] : []),
    ...(acknowledged > 0 ? [`${formatCount(acknowledged)} acknowledged`] : []),
    ...(unknown > 0 ? [`${formatCount(unknown)} unknown`] : []),
  ];
  return (
    <>
      {unbalanced > 0 ? (
        <Badge tone="bad">{faults.length > 0 ? faults.join(', ') : 'unbalanced'}</Badge>
      ) : balanced > 0 ? (
        <Badge tone="good">balanced</Badge>
      ) : (
        <Badge tone="off">{inFlight > 0 ? 'in flight' : 'no window yet'}</Badge>
      )}
      {parts.length > 0 && <div className="sub">{parts.join(', ')}</div>}
    </>
  );
}
