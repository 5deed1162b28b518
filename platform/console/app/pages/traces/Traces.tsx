/** Search for traces: what is searched for stands in the URL. */
import { useCallback, useMemo, useRef, useState } from 'react';
import type { TraceList as TraceListAnswer } from '../../../../api/contract/traces.ts';
import { useQuery } from '../../api/useQuery.ts';
import type { PageProps } from '../../pages.ts';
import { refine } from '../../shell/usePlace.ts';
import { Icon } from '../../ui/Icon.tsx';
import { PageHead } from '../../ui/PageHead.tsx';
import { Empty, FailureView, Loading } from '../../ui/states.tsx';
import { HeatmapCard } from './HeatmapCard.tsx';
import { SearchForm } from './SearchForm.tsx';
import { apiQueryOf, searchFaults, searchFromUrl, searchToUrl, type TraceSearch } from './search.ts';
import { TraceTable } from './TraceTable.tsx';
import './traces.css';

export function Traces({ query }: PageProps) {
  const search = useMemo(() => searchFromUrl(query), [query]);
  const faults = useMemo(() => searchFaults(search), [search]);
  const [askedMs, setAskedMs] = useState(Date.now);
  const asked = useMemo(() => (faults.length > 0 ? null : apiQueryOf(search, askedMs)), [search, faults, askedMs]);
  const ask = useCallback((next: TraceSearch) => {
    setAskedMs(Date.now());
    const cleared = Object.fromEntries(Object.keys(next).map((field) => [field, undefined]));
    refine({ ...cleared, ...searchToUrl(next) });
  }, []);
  return (
    <>
      <PageHead title="Traces">
        <button type="button" onClick={() => setAskedMs(Date.now())}>
          <Icon name="refresh" /> Refresh
        </button>
      </PageHead>
      <div className="stack">
        <SearchForm key={JSON.stringify(search)} search={search} faults={faults} onSearch={ask} />
        {asked !== null && <HeatmapCard asked={asked} onNarrow={(part) => ask({ ...search, since: '', ...part })} />}
        {asked !== null && <Found key={JSON.stringify(asked)} asked={asked} />}
      </div>
    </>
  );
}

type Asked = ReturnType<typeof apiQueryOf>;

/** Page after page: what is there stays while more comes. */
function Found({ asked }: { readonly asked: Asked }) {
  const [before, setBefore] = useState<number>();
  const pages = useRef(new Map<number | undefined, TraceListAnswer>());
  const found = useQuery('traces', { query: { ...asked, before, limit: 50 } });
  if (found.data !== undefined) pages.current.set(before, found.data);
  const traces = [...pages.current.values()].flatMap((page) => page.traces);
  const last = found.data ?? pages.current.get(before);
  if (found.failure !== undefined) return <FailureView failure={found.failure} onRetry={found.reload} />;
  if (last === undefined && traces.length === 0) return <Loading text="Searching" />;
  if (traces.length === 0) {
    return (
      <Empty title="No trace matches">
        <p>Search a longer time or with fewer conditions. Only sampled events leave a trace.</p>
      </Empty>
    );
  }
  return (
    <>
      <TraceTable traces={traces} />
      <p className="more" aria-live="polite">
        {traces.length} traces, newest first.
        {last !== undefined && last.next !== null && (
          <button type="button" onClick={() => setBefore(last.next ?? undefined)}>
            Show older ones
          </button>
        )}
        {found.loading && ' Searching …'}
      </p>
    </>
  );
}
