/** The past as a strip of states, and a slider over it: what the page shows is what was at that moment. */
import { useId } from 'react';
import type { History } from '../../../../../api/contract/pipelines.ts';
import { formatAge, formatMoment } from '../../../format/times.ts';
import { useNow } from '../../../shell/context.ts';
import { Icon } from '../../../ui/Icon.tsx';
import { toneOf } from '../../../ui/StateBadge.tsx';
import { type Span, spans } from './spans.ts';
import { stateRuns } from './states.ts';
import './scrubber.css';

export interface ScrubberProps {
  readonly history: History | undefined;
  readonly span: Span;
  readonly onSpan: (id: string) => void;
  /** Undefined: live. */
  readonly atMs: number | undefined;
  readonly onMoment: (atMs: number | undefined) => void;
}

export function Scrubber({ history, span, onSpan, atMs, onMoment }: ScrubberProps) {
  const nowMs = useNow();
  const sliderId = useId();
  const stepMs = history?.stepMs ?? 10_000;
  // What was chosen stays in reach while time goes on.
  const toMs = Math.max(Math.ceil(nowMs / stepMs) * stepMs, atMs ?? 0);
  const fromMs = Math.min(toMs - span.ms, atMs ?? toMs);
  const share = (ms: number) => `${(100 * (Math.min(toMs, Math.max(fromMs, ms)) - fromMs)) / (toMs - fromMs)}%`;
  const shownMs = atMs ?? toMs;
  return (
    <div className="scrubber">
      <button
        type="button"
        className={atMs === undefined ? 'live on' : 'live'}
        aria-pressed={atMs === undefined}
        onClick={() => onMoment(undefined)}
      >
        <span className="dot" aria-hidden="true" />
        Live
      </button>
      <div className="track">
        <div className="strip" aria-hidden="true">
          {stateRuns(history?.points ?? [], stepMs)
            .filter((run) => run.toMs > fromMs)
            .map((run) => (
              <span
                key={run.fromMs}
                className={toneOf(run.state)}
                title={`${run.state} from ${formatMoment(run.fromMs, nowMs)} to ${formatMoment(run.toMs, nowMs)}`}
                style={{ left: share(run.fromMs), right: `calc(100% - ${share(run.toMs)})` }}
              />
            ))}
        </div>
        <label className="sr-only" htmlFor={sliderId}>
          Moment that is shown
        </label>
        <input
          id={sliderId}
          type="range"
          min={fromMs}
          max={toMs}
          step={stepMs}
          value={shownMs}
          aria-valuetext={atMs === undefined ? 'live' : `${formatMoment(atMs, nowMs)}, ${formatAge(atMs, nowMs)}`}
          onChange={(event) => {
            const chosen = event.target.valueAsNumber;
            onMoment(chosen >= toMs - stepMs / 2 ? undefined : chosen);
          }}
        />
        <div className="ends" aria-hidden="true">
          <span>{formatMoment(fromMs, nowMs)}</span>
          <span className="shown">
            {atMs === undefined ? '' : `${formatMoment(atMs, nowMs)}, ${formatAge(atMs, nowMs)}`}
          </span>
          <span>now</span>
        </div>
      </div>
      <fieldset className="segments">
        <legend className="sr-only">Time span</legend>
        {spans.map(({ id, title }) => (
          <label key={id}>
            <input type="radio" name={`${sliderId}-span`} checked={span.id === id} onChange={() => onSpan(id)} />
            <span>{title}</span>
          </label>
        ))}
      </fieldset>
      {atMs !== undefined && (
        <span className="past">
          <Icon name="pause" /> The past is shown
        </span>
      )}
    </div>
  );
}
