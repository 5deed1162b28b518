/** Where the console is: path and query behind the `#`, so that any server of plain files can serve it. Pure. */

export interface Place {
  /** `/pipelines/flight-delays` */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

export type Query = Readonly<Record<string, string | number | undefined>>;

export function readPlace(hash: string): Place {
  const text = hash.replace(/^#/, '');
  const [path = '', query = ''] = split(text, '?');
  return { path: path.startsWith('/') ? path : '/', query: Object.fromEntries(new URLSearchParams(query)) };
}

/** `href` of a place; segments of the path that come from data go through `segment` first. */
export function hrefOf(path: string, query: Query = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, String(value)])).toString();
  return `#${path}${text === '' ? '' : `?${text}`}`;
}

export function segment(text: string): string {
  return encodeURIComponent(text);
}

/** The parameters when `path` fits `pattern` (`/pipelines/:pipeline`), else undefined. */
export function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = parts(pattern);
  const found = parts(path);
  if (wanted.length !== found.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const value = decode(found[at]!);
    if (part.startsWith(':')) params[part.slice(1)] = value;
    else if (part !== value) return undefined;
  }
  return params;
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function split(text: string, at: string): [string, string] {
  const index = text.indexOf(at);
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}
