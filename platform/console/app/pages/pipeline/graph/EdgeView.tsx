import { memo } from 'react';
import type { GraphEdge } from '../../../../../api/contract/pipelines.ts';
import { formatCount, formatRate } from '../../../format/numbers.ts';
import { formatDuration, formatLag, formatSeconds } from '../../../format/times.ts';
import { dashMs, strokeWidth } from './motion.ts';
import { middleOf, roundedPath } from './paths.ts';
import { labelSize, type Point } from './shape.ts';

export interface EdgeViewProps {
  readonly edge: GraphEdge;
  readonly points: readonly Point[];
  readonly label: Point | undefined;
  readonly moving: boolean;
  readonly chosen: boolean;
  readonly onChoose: (id: string) => void;
}

/** Behind by more than this is shown as such. */
export const lateSeconds = 5;

export const EdgeView = memo(function EdgeView({ edge, points, label, moving, chosen, onChoose }: EdgeViewProps) {
  const { ratePerSecond, lagSeconds, stage } = edge;
  const path = roundedPath(points);
  const turnMs = moving ? dashMs(ratePerSecond) : undefined;
  const late = (lagSeconds ?? 0) >= lateSeconds;
  return (
    <g
      className={`edge${late ? ' late' : ''}${chosen ? ' chosen' : ''}${ratePerSecond ? ' flows' : ''}`}
      data-edge={edge.id}
    >
      <path className="bed" d={path} strokeWidth={strokeWidth(ratePerSecond)} />
      {turnMs !== undefined && <path className="water" d={path} style={{ animationDuration: `${turnMs}ms` }} />}
      <Arrow points={points} />
      {stage !== null && (
        <Label
          edge={edge}
          stage={stage}
          at={label ?? middleOf(points)}
          late={late}
          chosen={chosen}
          onChoose={onChoose}
        />
      )}
    </g>
  );
});

function Arrow({ points }: { readonly points: readonly Point[] }) {
  const [end, before] = [points.at(-1), points.at(-2)];
  if (end === undefined || before === undefined) return null;
  const degrees = (Math.atan2(end.y - before.y, end.x - before.x) * 180) / Math.PI;
  return <path className="arrow" d="M-7 -4L0 0L-7 4z" transform={`translate(${end.x} ${end.y}) rotate(${degrees})`} />;
}

function Label(props: {
  readonly edge: GraphEdge;
  readonly stage: string;
  readonly at: Point;
  readonly late: boolean;
  readonly chosen: boolean;
  readonly onChoose: (id: string) => void;
}) {
  const { edge, stage, at, late, chosen, onChoose } = props;
  const { latency, lagSeconds, lagRecords, ratePerSecond } = edge;
  const { width, height } = labelSize;
  const second = late
    ? `lag ${formatSeconds(lagSeconds)}`
    : latency === null
      ? ''
      : `p99 ${formatDuration(latency.p99Ms)}`;
  // What is seen comes first, as it is seen: who speaks to the browser says what is read.
  const said = [
    `Hop ${stage}: ${formatRate(ratePerSecond)} ${second}`,
    ...(latency === null
      ? ['latency not known']
      : [`p50 ${formatDuration(latency.p50Ms)}, p99 ${formatDuration(latency.p99Ms)}`]),
    lagSeconds === null && !lagRecords ? 'lag not known' : `lag ${formatLag(edge)}, ${formatCount(lagRecords)} records`,
  ].join('; ');
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no button of its own
    <g
      className="label"
      role="button"
      tabIndex={0}
      aria-pressed={chosen}
      aria-label={said}
      transform={`translate(${at.x - width / 2} ${at.y - height / 2})`}
      onClick={() => onChoose(edge.id)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        onChoose(edge.id);
      }}
    >
      <title>{said}</title>
      <rect width={width} height={height} rx={6} />
      <text className="rate" x={width / 2} y={second === '' ? 24 : 16}>
        {formatRate(ratePerSecond)}
      </text>
      <text className="latency" x={width / 2} y={31}>
        {` ${second}`}
      </text>
    </g>
  );
}
