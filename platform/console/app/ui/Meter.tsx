import { unknownText } from '../format/numbers.ts';
import './meter.css';

/** How much of a whole is asked for and used. The numbers stand beside: nothing is told by length or colour alone. */
export function Meter(props: {
  readonly label: string;
  readonly total: number;
  readonly asked?: number | null;
  readonly used: number | null;
  /** Being nearly full is a worry here, and not how it is meant to be. */
  readonly warns?: boolean;
  readonly format: (value: number) => string;
  /** What `used` is called. */
  readonly usedWord?: string;
}) {
  const { label, total, asked = null, used, warns = false, format, usedWord = 'used' } = props;
  const parts = [
    ...(asked === null ? [] : [`${format(asked)} asked`]),
    // Where nothing is measured, what is asked says enough.
    ...(used === null && asked !== null ? [] : [`${used === null ? unknownText : format(used)} ${usedWord}`]),
    `of ${format(total)}`,
  ];
  return (
    <div className="meter">
      <div className="meter-label">
        <span>{label}</span>
        <span className="muted">{parts.join(' · ')}</span>
      </div>
      <div className="meter-track" aria-hidden="true">
        {asked !== null && <div className="meter-asked" style={{ width: `${percent(asked, total)}%` }} />}
        {used !== null && (
          <div
            className={warns && used > total * 0.9 ? 'meter-used high' : 'meter-used'}
            style={{ width: `${percent(used, total)}%` }}
          />
        )}
      </div>
    </div>
  );
}

function percent(part: number, total: number): number {
  return total <= 0 ? 0 : Math.min(100, Math.max(0, (part / total) * 100));
}
