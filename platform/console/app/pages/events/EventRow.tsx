import { memo } from 'react';
import type { PlatformEvent } from '../../../../api/contract/control.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { ForeignBlock, ForeignLine } from '../../ui/ForeignText.tsx';
import { Time } from '../../ui/Time.tsx';

export const EventRow = memo(function EventRow({ event }: { readonly event: PlatformEvent }) {
  const { type, subject, time, data, id, source } = event;
  const href = hrefOfSubject(type, subject, data);
  const atMs = Date.parse(time);
  return (
    <li>
      <span className="event-time muted">
        {Number.isNaN(atMs) ? <ForeignLine text={time} /> : <Time atMs={atMs} />}
      </span>
      <span className={`event-type ${toneOfType(type)}`}>
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
      <details>
        <summary>
          <ForeignLine text={summaryOf(data)} maxCharacters={180} />
        </summary>
        <ForeignBlock text={JSON.stringify({ id, source, subject, data }, null, 2)} label="Event as JSON" />
      </details>
    </li>
  );
});

function summaryOf(data: PlatformEvent['data']): string {
  for (const key of ['text', 'reason', 'message', 'state', 'title'])
    if (typeof data[key] === 'string' && data[key] !== '') return data[key];
  return JSON.stringify(data);
}

function toneOfType(type: string): string {
  if (/fault|failed/.test(type)) return 'bad';
  return type.startsWith('millrace.alert') ? 'warn' : 'calm';
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
