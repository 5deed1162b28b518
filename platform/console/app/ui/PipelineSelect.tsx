/** Which pipeline a page of topics, tables or jobs is about: the URL's, else the first there is. */
import { useId, useMemo } from 'react';
import { useLive } from '../shell/context.ts';
import { Empty, Loading } from './states.tsx';

export interface PipelineChoice {
  readonly names: readonly string[];
  /** Null: there is none (yet). */
  readonly chosen: string | null;
  readonly listed: boolean;
}

export function usePipelineChoice(asked: string | undefined): PipelineChoice {
  const summaries = useLive((state) => state.summaries);
  const listed = useLive((state) => state.listed);
  const names = useMemo(() => [...summaries.keys()].sort(), [summaries]);
  return { names, chosen: asked || names[0] || null, listed };
}

export function PipelineSelect(props: { readonly choice: PipelineChoice; readonly onChoose: (name: string) => void }) {
  const { choice, onChoose } = props;
  const id = useId();
  const { names, chosen } = choice;
  const all = chosen === null || names.includes(chosen) ? names : [chosen, ...names];
  return (
    <label htmlFor={id} className="inline-field">
      <span>Pipeline</span>
      <select id={id} value={chosen ?? ''} onChange={(event) => onChoose(event.target.value)}>
        {all.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}

/** What stands there while there is no pipeline. */
export function NoPipeline({ choice, what }: { readonly choice: PipelineChoice; readonly what: string }) {
  if (!choice.listed) return <Loading />;
  return (
    <Empty title="No pipeline yet">
      <p>
        {what} Deploy one from the <a href="#/catalog">catalog</a>.
      </p>
    </Empty>
  );
}
