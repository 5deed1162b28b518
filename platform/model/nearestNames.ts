/**
 * Those of `names` that a person who typed `name` most likely meant: nearest first, at most three, none that differs in more
 * than half of its letters. Distance: Levenshtein, case ignored; names that begin with what was typed count as near.
 */
export function nearestNames(name: string, names: readonly string[]): string[] {
  const typed = name.toLowerCase();
  return names
    .map((each) => ({ each, distance: distanceOf(typed, each.toLowerCase()) }))
    .filter(({ each, distance }) => distance <= Math.max(1, Math.floor(Math.max(each.length, typed.length) / 2)))
    .toSorted((a, b) => a.distance - b.distance || (a.each < b.each ? -1 : 1))
    .slice(0, 3)
    .map(({ each }) => each);
}

function distanceOf(typed: string, other: string): number {
  if (typed.length >= 3 && other.startsWith(typed)) return 1;
  return editDistance(typed, other);
}

/** Insertions, deletions and replacements of one character between `a` and `b` (Levenshtein, two rows). */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
