import type { FetchEvent } from '../artifacts/progress.ts';
import type { Session } from './session.ts';

const mib = (bytes: number) => Math.round(bytes / 1024 / 1024);

/** One line for each artifact that begins or ends; nothing for those that are there. */
export function fetchProgress(session: Session): (event: FetchEvent) => void {
  const last = new Map<string, string>();
  return ({ artifact, version, state, bytes, totalBytes, seconds, detail }) => {
    if (state === 'kept' || last.get(artifact) === state) return;
    last.set(artifact, state);
    const size = totalBytes ? `${mib(totalBytes)} MiB` : bytes ? `${mib(bytes)} MiB` : '';
    const parts = [`  ${artifact} ${version ?? ''}`.padEnd(24), state.padEnd(10), size.padEnd(9)];
    session.progress(`${parts.join(' ')} ${seconds.toFixed(1)} s ${detail ?? ''}`.trimEnd());
  };
}
