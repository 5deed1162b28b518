/** Which faults the books of a ledger keep, and for how long. Pure. */
import { isSameFault, type KnownFault, keptMs, keyOf, lastSeenMs } from './booksFile.ts';

const maxFaults = 4096;
/** So often it is written down that a window is on the pages still. */
const seenEveryMs = 3_600_000;

export interface Looked {
  readonly nowMs: number;
  readonly isShown: (fault: KnownFault) => boolean;
  /** Whether the windows of the look are all that there are. */
  readonly isKnown: boolean;
}

/**
 * What was known, with `faults` in the place of what was known of the same stage and window. By age nothing goes whose window may
 * be on the pages still: it would be found, and told, anew. Bounded; what is gone from the pages goes first.
 */
export function keptWith(known: readonly KnownFault[], faults: readonly KnownFault[], look: Looked) {
  const { nowMs, isShown, isKnown } = look;
  const replaced = new Set(faults.map(keyOf));
  const isYoung = (fault: KnownFault) => nowMs - lastSeenMs(fault) < keptMs;
  const kept = known
    .filter((fault) => !replaced.has(keyOf(fault)) && (isYoung(fault) || isShown(fault) || !isKnown))
    .map((fault) => (isShown(fault) ? seenAt(fault, nowMs) : fault));
  const all = [...kept, ...faults].sort((one, other) => one.originMs - other.originMs);
  if (all.length <= maxFaults) return all;
  const byWorth = [...all.filter((fault) => !isShown(fault)), ...all.filter(isShown)];
  const given = new Set(byWorth.slice(0, all.length - maxFaults));
  return all.filter((fault) => !given.has(fault));
}

/** Of what was acknowledged nobody has to learn any more: it goes with its window. */
function seenAt(fault: KnownFault, nowMs: number): KnownFault {
  const isOld = Math.abs(nowMs - lastSeenMs(fault)) >= seenEveryMs;
  return fault.acknowledgedMs === null && isOld ? { ...fault, seenMs: nowMs } : fault;
}

/** Books that could be read late, and what was found meanwhile: the same fault is as the books have it. */
export function mergedFaults(read: readonly KnownFault[], found: readonly KnownFault[]): readonly KnownFault[] {
  const byKey = new Map(read.map((fault) => [keyOf(fault), fault]));
  for (const fault of found) {
    const known = byKey.get(keyOf(fault));
    if (known === undefined || !isSameFault(known, fault)) byKey.set(keyOf(fault), fault);
  }
  return [...byKey.values()].sort((one, other) => one.originMs - other.originMs);
}
