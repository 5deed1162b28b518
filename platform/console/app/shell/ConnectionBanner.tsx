import { formatAge } from '../format/times.ts';
import { Icon } from '../ui/Icon.tsx';
import { useLive, useNow } from './context.ts';

/** When the stream is lost, what is shown grows old: the banner says by how much. */
export function ConnectionBanner() {
  const connection = useLive((state) => state.connection);
  const heardMs = useLive((state) => state.heardMs);
  const nowMs = useNow();
  if (connection !== 'lost') return null;
  return (
    <div className="banner" role="status">
      <Icon name="warning" />
      <span>
        <strong>The connection to Millrace is lost.</strong>{' '}
        {heardMs === 0 ? 'Nothing has been heard yet.' : `What is shown was heard ${formatAge(heardMs, nowMs)}.`} Trying
        again.
      </span>
    </div>
  );
}
