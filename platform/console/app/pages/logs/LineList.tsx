import { memo, useEffect, useRef } from 'react';
import { formatDateTime } from '../../format/times.ts';
import { ForeignLine } from '../../ui/ForeignText.tsx';
import type { ShownLine } from './lines.ts';

/** Lines that are in the page at once; a filter finds the others. */
const mostShown = 1500;
/** So near to the end counts as at the end: new lines then keep the end in view. */
const nearPx = 40;

export function LineList({ lines, follow }: { readonly lines: readonly ShownLine[]; readonly follow: boolean }) {
  const frame = useRef<HTMLElement>(null);
  const atEnd = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: after new lines
  useEffect(() => {
    const element = frame.current;
    if (element !== null && follow && atEnd.current) element.scrollTop = element.scrollHeight;
  }, [lines, follow]);
  const onScroll = () => {
    const element = frame.current;
    if (element !== null) atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < nearPx;
  };
  const first = Math.max(0, lines.length - mostShown);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section ref={frame} className="log mono" aria-label="Lines of the log" tabIndex={0} onScroll={onScroll}>
      {first > 0 && <p className="muted">{first} older lines match; narrow the filter to see them.</p>}
      <ol>
        {lines.slice(first).map((line) => (
          <Line key={line.number} line={line} />
        ))}
      </ol>
    </section>
  );
}

const Line = memo(function Line({ line }: { readonly line: ShownLine }) {
  return (
    <li className={`log-${line.level}`} title={line.atMs === null ? undefined : formatDateTime(line.atMs)}>
      {line.level === 'error' && <span className="sr-only">error: </span>}
      {line.level === 'warn' && <span className="sr-only">warning: </span>}
      <ForeignLine text={line.text} maxCharacters={4000} />
    </li>
  );
});
