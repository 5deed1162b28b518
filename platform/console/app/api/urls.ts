/** URLs out of a route's path, its parameters and a query. Pure. */

/** Each `:name` of the path is replaced by its parameter, encoded: a name with a slash stays one segment. */
export function fillPath(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/:([A-Za-z]+)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined || value === '') throw new Error(`The path ${path} needs ${name}.`);
    return encodeURIComponent(value);
  });
}

/** With its question mark; empty when nothing is asked. What is undefined or '' is left out. */
export function queryText(query: Readonly<Record<string, string | number | undefined>>): string {
  const pairs = Object.entries(query).filter(
    (pair): pair is [string, string | number] => pair[1] !== undefined && pair[1] !== '',
  );
  if (pairs.length === 0) return '';
  return `?${new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, String(value)])).toString()}`;
}
