/** Names that a person may have meant. */

/** Shorter, what was typed is a part of too many names. */
const shortestPart = 3;

/**
 * Up to three of `known` that are near: first those that differ in at most half of their letters, nearest first by edit distance;
 * then those that `name` is a part of (`rate` of `ratePerSecond`, `delays` of `flight-delays`), or that it begins with.
 */
export function nearestNames(name: string, known: readonly string[]): readonly string[] {
  return known
    .map((candidate) => {
      const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
      return { candidate, distance, similar: distance <= Math.max(name.length, candidate.length) / 2 };
    })
    .filter(({ candidate, similar }) => similar || isPart(name, candidate))
    .sort(
      (one, other) =>
        Number(other.similar) - Number(one.similar) ||
        one.distance - other.distance ||
        (one.candidate < other.candidate ? -1 : 1),
    )
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** For an error's text: `Nearest: status`, or, where nothing is near, all there are under a name of their own: `Commands: deploy, …`. */
export function nearestOrAll(name: string, known: readonly string[], all: string): string {
  const nearest = nearestNames(name, known);
  return nearest.length > 0 ? `Nearest: ${nearest.join(', ')}` : `${all}: ${known.join(', ') || 'none'}`;
}

/** By whole names, or by words: each word of `name` begins one of the candidate's. */
function isPart(name: string, candidate: string): boolean {
  const [asked, known] = [name.toLowerCase(), candidate.toLowerCase()];
  if (asked.length < shortestPart || known.length < shortestPart) return false;
  if (known.startsWith(asked) || asked.startsWith(known)) return true;
  const [words, wanted] = [wordsOf(candidate), wordsOf(name)];
  return wanted.length > 0 && wanted.every((word) => words.some((each) => each.startsWith(word)));
}

/** Of `ratePerSecond`, `flight-delays`, `delay_minutes`, `kafka.broker.0`; in lower case. */
function wordsOf(name: string): readonly string[] {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[-_.\s]+/);
  return words.filter((word) => word !== '');
}

/** Levenshtein distance (insertions, deletions, substitutions), in O(n·m) time and O(m) space. */
export function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const substitution = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[other.length]!;
}
