import type { ResponseOf } from '../../../../../api/contract/routes.ts';

export type PathwayRow = ResponseOf<'pathways'>['checkpoints'][number]['pathways'][number];

interface Way extends Pick<PathwayRow, 'isWhole' | 'isOverflow'> {
  readonly chain: readonly string[];
}

/** The names of its stages; `…` for a beginning that is not known. */
export function wayOf({ chain, isWhole, isOverflow }: Way): string {
  if (isOverflow) return 'all further ways together';
  const names = chain.map((checkpoint) => checkpoint.slice(checkpoint.indexOf(':') + 1));
  return [...(isWhole ? [] : ['…']), ...names].join(' → ');
}
