import { memo, useState } from 'react';
import type { PlatformEvent } from '../../../../api/contract/control.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { ForeignBlock, ForeignLine } from '../../ui/ForeignText.tsx';
import { Time } from '../../ui/Time.tsx';

export const EventRow = memo(function EventRow({ event }: { readonly event: PlatformEvent }) {
  const { type, subject, time, data, id, source } = event;
  const href = hrefOfSubject(type, subject, data);
  const atMs = Date.parse(time);
  const [open, setOpen] = useState(false);
  return (
    <li>
      <span className="event-time muted">
        {Number.isNaN(atMs) ? <ForeignLine text={time} /> : <Time atMs={atMs} />}
      </span>
      <span className={`event-type ${toneOf(type, data)}`}>
        <ForeignLine text={type.replace(/^millrace\./, '')} />
      </span>
      <span className="event-subject">
        {href === undefined ? (
          <ForeignLine text={subject} />
        ) : (
          <a href={href}>
            <ForeignLine text={subject} />
          </a>
        )}
      </span>
      <details onToggle={(change) => setOpen(change.currentTarget.open)}>
        <summary>
          <ForeignLine text={summaryOf(data)} maxCharacters={180} />
        </summary>
        {open && <ForeignBlock text={JSON.stringify({ id, source, subject, data }, null, 2)} label="Event as JSON" />}
      </details>
    </li>
  );
});

/** Of a step: its label and how it goes; of a task: its phase; else what the event says of itself. */
function summaryOf(data: PlatformEvent['data']): string {
  const text = (key: string) => (typeof data[key] === 'string' && data[key] !== '' ? data[key] : undefined);
  const head = text('label') ?? text('title');
  const state = text('state') ?? text('phase');
  const why = text('text') ?? text('reason') ?? text('message');
  const said = [head === undefined ? state : `${head}: ${state ?? ''}`, why].filter((part) => part !== undefined);
  return said.length > 0 ? said.join(' – ') : JSON.stringify(data);
}

function toneOf(type: string, data: PlatformEvent['data']): string {
  const isOver = data.state === 'resolved';
  if (/fault/.test(type) || data.state === 'failed' || data.phase === 'failed') return 'bad';
  if (data.phase === 'backoff' || data.state === 'stalled' || data.state === 'degraded') return 'warn';
  return type.startsWith('millrace.alert') && !isOver ? 'warn' : 'calm';
}

/** `pipeline`, `operation` and `task` of the data lead further; the subject is their name where the type says what it is. */
function hrefOfSubject(type: string, subject: string, data: PlatformEvent['data']): string | undefined {
  const text = (key: string) => (typeof data[key] === 'string' && data[key] !== '' ? data[key] : undefined);
  if (type.startsWith('millrace.operation')) return hrefOf(`/operations/${segment(text('operation') ?? subject)}`);
  if (type.startsWith('millrace.task')) return hrefOf(`/logs/${segment(text('task') ?? subject)}`);
  if (type.startsWith('millrace.alert')) return hrefOf('/alerts');
  const pipeline = text('pipeline') ?? (type.startsWith('millrace.pipeline') ? subject : undefined);
  return pipeline === undefined ? undefined : hrefOf(`/pipelines/${segment(pipeline)}`);
}
