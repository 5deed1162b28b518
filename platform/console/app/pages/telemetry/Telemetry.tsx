/** The telemetry store: how much it holds, how long, and what it had to drop. */
import type { TelemetryStats } from '../../../../api/contract/traces.ts';
import { useQuery } from '../../api/useQuery.ts';
import { formatBytes, formatExact } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import { useNow } from '../../shell/context.ts';
import { hrefOf } from '../../shell/routing.ts';
import { Answer } from '../../ui/Answer.tsx';
import { Meter } from '../../ui/Meter.tsx';
import { PageHead } from '../../ui/PageHead.tsx';
import { Drops } from './Drops.tsx';
import { dropRows } from './drops.ts';
import './telemetry.css';

export function Telemetry() {
  const found = useQuery('telemetry', {}, { everyMs: 5000 });
  return (
    <>
      <PageHead title="Telemetry">
        <a href={hrefOf('/traces')}>Search traces</a>
      </PageHead>
      <Answer of={found}>{(stats) => <View stats={stats} />}</Answer>
    </>
  );
}

function View({ stats }: { readonly stats: TelemetryStats }) {
  const nowMs = useNow();
  const { spans, metricPoints, logs, bytes, maxBytes, oldestMs, retentionMs } = stats;
  const drops = dropRows(stats);
  const total = drops.reduce((sum, { count }) => sum + count, 0);
  return (
    <div className="stack">
      <dl className="stats">
        {[
          ['Spans', formatExact(spans)],
          ['Points of metrics', formatExact(metricPoints)],
          ['Lines of logs', formatExact(logs)],
          ['Dropped', formatExact(total)],
        ].map(([term, value]) => (
          <div key={term} className="card">
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <section className="card" aria-labelledby="kept-title">
        <header>
          <h2 id="kept-title">What is kept</h2>
        </header>
        <div className="card-body stack">
          <Meter label="Size on disk" total={maxBytes} used={bytes} format={formatBytes} />
          <Meter
            label="Age of the oldest"
            total={retentionMs}
            used={oldestMs === null ? null : Math.max(0, nowMs - oldestMs)}
            usedWord="old"
            format={formatDuration}
          />
          <p className="muted">
            Kept: {formatBytes(maxBytes)} and {formatDuration(retentionMs)} at most, as MILLRACE_TELEMETRY_MIB and
            MILLRACE_TELEMETRY_DAYS say. What is older, or does not fit, is removed, the oldest first.
          </p>
        </div>
      </section>
      <Drops drops={drops} silent={stats.silent} />
    </div>
  );
}
