/** The platform's events, live: each change of state, alert and fault, newest first. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { PlatformEvent } from '../../../../api/contract/control.ts';
import { type ApiFailure, asFailure } from '../../api/failure.ts';
import { formatExact } from '../../format/numbers.ts';
import { plainLine } from '../../format/visibleText.ts';
import type { PageProps } from '../../pages.ts';
import { useApp } from '../../shell/context.ts';
import { refine } from '../../shell/usePlace.ts';
import { Choice, TextField } from '../../ui/fields.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { PageHead } from '../../ui/PageHead.tsx';
import { Badge } from '../../ui/StateBadge.tsx';
import { Empty, FailureView, Loading } from '../../ui/states.tsx';
import { useFindShortcut } from '../../ui/useFindShortcut.ts';
import { EventRow } from './EventRow.tsx';
import { emptyFeed, type Feed, matching, paused, received, typesOf } from './feed.ts';
import './events.css';

export function Events({ query }: PageProps) {
  const { feed, setFeed, failure, loaded, older, end } = useFeed();
  const filters = useRef<HTMLDivElement>(null);
  useFindShortcut('Events', filters);
  const [type, text] = [query.type ?? '', query.text ?? ''];
  const shown = useMemo(() => matching(feed.events, { type, text }), [feed.events, type, text]);
  const types = useMemo(
    () => [['', 'all'] as const, ...typesOf(feed.events).map((each) => [each, plainLine(each, 80)] as const)],
    [feed.events],
  );
  return (
    <>
      <PageHead title="Events">
        {feed.paused && <Badge tone="calm">{`paused, ${formatExact(feed.held.length)} new`}</Badge>}
        <button type="button" aria-pressed={feed.paused} onClick={() => setFeed(paused(feed, !feed.paused))}>
          <Icon name={feed.paused ? 'play' : 'pause'} /> {feed.paused ? 'Go on' : 'Pause'}
        </button>
      </PageHead>
      <div ref={filters} className="filters">
        <TextField label="Words in it" value={text} onChange={(value) => refine({ text: value || undefined })} />
        <Choice label="Type" value={type} choices={types} onChange={(value) => refine({ type: value || undefined })} />
      </div>
      {failure !== undefined && <FailureView failure={failure} onRetry={older} />}
      {!loaded ? (
        failure === undefined && <Loading />
      ) : shown.length === 0 ? (
        <Empty title={feed.events.length === 0 ? 'Nothing has happened yet' : 'No event matches'}>
          <p>Deploys, tasks that change, alerts and faults of the ledger are told here as they happen.</p>
        </Empty>
      ) : (
        <ol className="events">
          {shown.map((event) => (
            <EventRow key={event.id} event={event} />
          ))}
        </ol>
      )}
      {loaded && !end && feed.events.length > 0 && (
        <p>
          <button type="button" onClick={older}>
            Show older ones
          </button>
        </p>
      )}
    </>
  );
}

const pageSize = 200;

function useFeed() {
  const { api, live } = useApp();
  const [feed, setFeed] = useState<Feed>(emptyFeed);
  const [failure, setFailure] = useState<ApiFailure>();
  const [loaded, setLoaded] = useState(false);
  const [end, setEnd] = useState(false);
  const load = useCallback(
    async (before: string | undefined) => {
      setFailure(undefined);
      try {
        const events: PlatformEvent[] = await api.call('events', { query: { limit: pageSize, before } });
        setFeed((now) => ({ ...now, events: received({ ...now, paused: false }, events).events }));
        setEnd(events.length < pageSize);
        setLoaded(true);
      } catch (error) {
        setFailure(asFailure(error));
      }
    },
    [api],
  );
  useEffect(() => {
    const stop = live.onEvent((event) => setFeed((now) => received(now, [event])));
    void load(undefined);
    return stop;
  }, [live, load]);
  const older = useCallback(() => void load(feed.events.at(-1)?.id), [load, feed.events]);
  return { feed, setFeed, failure, loaded, older, end };
}
