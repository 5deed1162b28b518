import { sparkPath } from './spark.ts';

const size = { width: 84, height: 22 };

/** The way of a value, small; the value itself stands beside it as text. */
export function Sparkline({ values }: { readonly values: readonly (number | null)[] }) {
  return (
    <svg className="spark" width={size.width} height={size.height} aria-hidden="true" focusable="false">
      <path d={sparkPath(values, size)} />
    </svg>
  );
}
