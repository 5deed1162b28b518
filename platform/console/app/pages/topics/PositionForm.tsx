import { type FormEvent, useState } from 'react';
import type { TopicInfo } from '../../../../api/contract/data.ts';
import { formatExact } from '../../format/numbers.ts';
import { Choice, TextField } from '../../ui/fields.tsx';
import { type Position, positionFault } from './position.ts';

interface FormProps {
  readonly position: Position;
  readonly topic: TopicInfo;
  readonly onLook: (position: Position) => void;
}

const modes = [
  ['newest', 'the newest'],
  ['offset', 'from an offset'],
  ['time', 'from a time'],
] as const;

export function PositionForm({ position, topic, onLook }: FormProps) {
  const [draft, setDraft] = useState(position);
  const [fault, setFault] = useState(positionFault(position, topic));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = positionFault(draft, topic);
    setFault(found);
    if (found === undefined) onLook(draft);
  };
  const partitions = topic.partitions.map(({ partition, startOffset, endOffset }) => {
    const text = `${partition} (${formatExact(startOffset)} to ${formatExact(endOffset)})`;
    return [`${partition}`, text] as const;
  });
  return (
    <form className="filters position" aria-label="Where to look" onSubmit={submit} noValidate>
      <Choice
        label="Messages"
        value={draft.mode}
        choices={modes}
        onChange={(mode) => setDraft({ ...draft, mode: mode as Position['mode'] })}
      />
      <Choice
        label="Partition"
        value={draft.partition}
        choices={[['', 'all'], ...partitions]}
        onChange={(partition) => setDraft({ ...draft, partition })}
      />
      {draft.mode === 'offset' && (
        <TextField
          label="Offset"
          value={draft.offset}
          placeholder="0"
          onChange={(offset) => setDraft({ ...draft, offset })}
        />
      )}
      {draft.mode === 'time' && (
        <TextField
          label="Time (yours)"
          type="datetime-local"
          value={draft.time}
          onChange={(time) => setDraft({ ...draft, time })}
        />
      )}
      <button type="submit" className="primary">
        Show
      </button>
      {fault !== undefined && (
        <p className="fault" role="alert">
          {fault}
        </p>
      )}
    </form>
  );
}
