/** Log of a task: its tail, followed, filtered, paused. The task stands in the path, the filter in the query. */
import { useId, useMemo, useRef, useState } from 'react';
import { useQuery } from '../../api/useQuery.ts';
import { formatExact } from '../../format/numbers.ts';
import type { PageProps } from '../../pages.ts';
import { segment } from '../../shell/routing.ts';
import { go, refine } from '../../shell/usePlace.ts';
import { Choice, TextField } from '../../ui/fields.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { PageHead } from '../../ui/PageHead.tsx';
import { Badge } from '../../ui/StateBadge.tsx';
import { Empty, FailureView, Loading } from '../../ui/states.tsx';
import { useFindShortcut } from '../../ui/useFindShortcut.ts';
import { LineList } from './LineList.tsx';
import { filtered, type LogBuffer, type LogLevel } from './lines.ts';
import { type LogState, useLog } from './useLog.ts';
import './logs.css';

export function Logs({ params, query }: PageProps) {
  const cluster = useQuery('cluster', {}, { everyMs: 15_000 });
  const tasks = useMemo(() => (cluster.data?.tasks ?? []).map(({ id }) => id).toSorted(), [cluster.data]);
  const task = params.task ?? query.task ?? null;
  const log = useLog(task);
  return (
    <>
      <PageHead title="Logs">
        <TaskSelect tasks={tasks} task={task} />
      </PageHead>
      {cluster.failure !== undefined && tasks.length === 0 && (
        <FailureView failure={cluster.failure} onRetry={cluster.reload} />
      )}
      {task === null ? (
        <Empty title="Choose a task">
          <p>Each server, service and job is a task with a log of its own.</p>
        </Empty>
      ) : (
        <View log={log} query={query} />
      )}
    </>
  );
}

function TaskSelect({ tasks, task }: { readonly tasks: readonly string[]; readonly task: string | null }) {
  const id = useId();
  const all = task === null || tasks.includes(task) ? tasks : [task, ...tasks];
  return (
    <label htmlFor={id} className="inline-field">
      <span>Task</span>
      <select id={id} value={task ?? ''} onChange={(event) => go(`/logs/${segment(event.target.value)}`)}>
        {task === null && <option value="">choose …</option>}
        {all.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
  );
}

const levels = [
  ['unknown', 'all'],
  ['info', 'info and above'],
  ['warn', 'warnings and errors'],
  ['error', 'errors'],
] as const;

/** `waiting`: lines that came in since it was paused; null: it is not. */
function Following({ log, waiting }: { readonly log: LogState; readonly waiting: number | null }) {
  return (
    <span className="log-state" aria-live="polite">
      {waiting !== null ? (
        <Badge tone="calm">{`paused, ${formatExact(waiting)} new`}</Badge>
      ) : log.following === 'open' ? (
        <Badge tone="good">following</Badge>
      ) : (
        <Badge tone="warn">not connected, trying again</Badge>
      )}
    </span>
  );
}

function View({ log, query }: { readonly log: LogState; readonly query: PageProps['query'] }) {
  const { buffer, loaded, failure, reload } = log;
  const level = levels.find(([each]) => each === query.level)?.[0] ?? 'unknown';
  const text = query.text ?? '';
  const [pausedAt, setPausedAt] = useState<LogBuffer>();
  const filters = useRef<HTMLDivElement>(null);
  useFindShortcut('Logs', filters);
  const shownBuffer = pausedAt ?? buffer;
  const shown = useMemo(
    () => filtered(shownBuffer.lines, { text, level: level as LogLevel }),
    [shownBuffer, text, level],
  );
  if (!loaded) return failure === undefined ? <Loading /> : <FailureView failure={failure} onRetry={reload} />;
  // A stream that was taken up again numbers its lines anew.
  const waiting = Math.max(0, buffer.nextNumber - shownBuffer.nextNumber);
  return (
    <>
      <div ref={filters} className="filters">
        <TextField
          label="Words that must occur (-word: must not)"
          value={text}
          onChange={(value) => refine({ text: value || undefined })}
        />
        <Choice
          label="Level"
          value={level}
          choices={levels}
          onChange={(value) => refine({ level: value === 'unknown' ? undefined : value })}
        />
        <button
          type="button"
          aria-pressed={pausedAt !== undefined}
          onClick={() => setPausedAt(pausedAt === undefined ? buffer : undefined)}
        >
          <Icon name={pausedAt === undefined ? 'pause' : 'play'} /> {pausedAt === undefined ? 'Pause' : 'Go on'}
        </button>
        <Following log={log} waiting={pausedAt === undefined ? null : waiting} />
      </div>
      {shownBuffer.lines.length === 0 ? (
        <Empty title="Nothing printed yet">
          <p>Lines appear here as the task prints them.</p>
        </Empty>
      ) : shown.length === 0 ? (
        <Empty title="No line matches">
          <p>{formatExact(shownBuffer.lines.length)} lines are here; loosen the filter to see them.</p>
        </Empty>
      ) : (
        <LineList lines={shown} follow={pausedAt === undefined} />
      )}
      <p className="muted log-foot">
        {formatExact(shown.length)} of {formatExact(shownBuffer.lines.length)} lines
        {shownBuffer.forgotten > 0 && `; the oldest ${formatExact(shownBuffer.forgotten)} are no longer kept here`}
      </p>
    </>
  );
}
