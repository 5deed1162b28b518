import { type FormEvent, useId, useRef, useState } from 'react';
import { formatMoment } from '../../format/times.ts';
import { useLive } from '../../shell/context.ts';
import { Choice, TextField } from '../../ui/fields.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { useFindShortcut } from '../../ui/useFindShortcut.ts';
import { defaultSearch, type SearchFault, searchFaults, sinceChoices, type TraceSearch } from './search.ts';

interface FormProps {
  readonly search: TraceSearch;
  readonly faults: readonly SearchFault[];
  readonly onSearch: (search: TraceSearch) => void;
}

export function SearchForm({ search, faults: first, onSearch }: FormProps) {
  const [draft, setDraft] = useState(search);
  const [faults, setFaults] = useState(first);
  const summaries = useLive((state) => state.summaries);
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  useFindShortcut('Traces', form);
  const set = (field: keyof TraceSearch, value: string) => setDraft({ ...draft, [field]: value });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = searchFaults(draft);
    setFaults(found);
    if (found.length === 0) onSearch(draft);
  };
  const text = (field: keyof TraceSearch, label: string, placeholder: string, list?: string) => (
    <TextField
      label={label}
      value={draft[field]}
      placeholder={placeholder}
      list={list}
      fault={faults.find((each) => each.field === field)?.text}
      onChange={(value) => set(field, value)}
    />
  );
  return (
    <form ref={form} className="card search" onSubmit={submit} aria-label="Search traces">
      <div className="search-fields">
        {text('pipeline', 'Pipeline', 'any', `${id}-pipelines`)}
        {text('service', 'Service', 'any')}
        {text('name', 'Name of a span', 'any')}
        {text('attribute', 'Attribute', 'key=value')}
        {text('min', 'At least', '250ms')}
        {text('max', 'At most', '10s')}
        <Choice
          label="Result"
          value={draft.status}
          onChange={(value) => set('status', value)}
          choices={resultChoices}
        />
        <TimeChoice draft={draft} onChange={setDraft} />
      </div>
      <datalist id={`${id}-pipelines`}>
        {[...summaries.keys()].map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <div className="search-actions">
        <button type="submit" className="primary">
          <Icon name="search" /> Search
        </button>
        <button type="button" className="quiet" onClick={() => onSearch(defaultSearch)}>
          Clear
        </button>
      </div>
    </form>
  );
}

const resultChoices = [
  ['', 'any'],
  ['ok', 'without errors'],
  ['error', 'with errors'],
] as const;
const sinceTexts: Readonly<Record<string, string>> = {
  '5m': 'last 5 minutes',
  '15m': 'last 15 minutes',
  '1h': 'last hour',
  '6h': 'last 6 hours',
  '1d': 'last day',
  '': 'all that is kept',
};

function TimeChoice({
  draft,
  onChange,
}: {
  readonly draft: TraceSearch;
  readonly onChange: (next: TraceSearch) => void;
}) {
  const isFixed = draft.from !== '' || draft.to !== '';
  const fixed = [draft.from, draft.to]
    .map((ms) => (/^\d+$/.test(ms) ? formatMoment(Number(ms), Date.now()) : '…'))
    .join(' – ');
  const known = sinceChoices.map((since) => [since, sinceTexts[since] ?? since] as const);
  const own = known.some(([since]) => since === draft.since) ? [] : [[draft.since, `last ${draft.since}`] as const];
  const choices = [...(isFixed ? [['fixed', fixed] as const] : []), ...own, ...known];
  const choose = (since: string) => {
    if (since !== 'fixed') onChange({ ...draft, since, from: '', to: '' });
  };
  return <Choice label="Time" value={isFixed ? 'fixed' : draft.since} onChange={choose} choices={choices} />;
}
