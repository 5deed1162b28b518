/** What is searched for, as the form has it; its place is the URL, so that a search can be kept and sent. */
import type { TraceQueryInput } from '../../../../api/contract/traces.ts';
import { parseDurationMs } from './duration.ts';

export interface TraceSearch {
  readonly pipeline: string;
  readonly service: string;
  readonly name: string;
  /** `key=value`. */
  readonly attribute: string;
  /** Durations as they were typed: `250ms`, `1.5s`. */
  readonly min: string;
  readonly max: string;
  readonly status: '' | 'ok' | 'error';
  /** Since how long ago: `15m`; empty where `from` is given, or for all that is kept. */
  readonly since: string;
  /** Fixed times, in ms since 1970; they win over `since`. */
  readonly from: string;
  readonly to: string;
}
export type SearchFault = { readonly field: keyof TraceSearch; readonly text: string };

const fields = ['pipeline', 'service', 'name', 'attribute', 'min', 'max', 'status', 'since', 'from', 'to'] as const;
export const sinceChoices = ['5m', '15m', '1h', '6h', '1d', ''] as const;
export const defaultSearch: TraceSearch = {
  pipeline: '',
  service: '',
  name: '',
  attribute: '',
  min: '',
  max: '',
  status: '',
  since: '1h',
  from: '',
  to: '',
};

/** Unknown parameters are left out. `since=all` is told from no `since`, which is the default. */
export function searchFromUrl(query: Readonly<Record<string, string>>): TraceSearch {
  const given = Object.fromEntries(fields.map((field) => [field, query[field] ?? ''])) as Record<
    keyof TraceSearch,
    string
  >;
  const status = given.status === 'ok' || given.status === 'error' ? given.status : '';
  const isFixed = given.from !== '' || given.to !== '';
  const since = isFixed || given.since === 'all' ? '' : given.since || defaultSearch.since;
  return { ...given, status, since };
}

/** Only what differs from the default, in a fixed order. */
export function searchToUrl(search: TraceSearch): Record<string, string> {
  const query: Record<string, string> = {};
  const isFixed = search.from !== '' || search.to !== '';
  for (const field of fields) {
    const value = search[field].trim();
    if (field === 'since') {
      if (!isFixed && value !== defaultSearch.since) query.since = value === '' ? 'all' : value;
    } else if (value !== '') query[field] = value;
  }
  return query;
}

/** What is wrong with it, a sentence for each field; empty when it can be asked. */
export function searchFaults(search: TraceSearch): SearchFault[] {
  const faults: SearchFault[] = [];
  const duration = (field: 'min' | 'max' | 'since') => {
    if (search[field].trim() !== '' && parseDurationMs(search[field]) === undefined)
      faults.push({ field, text: 'It must be a duration: 250ms, 1.5s, 2m.' });
  };
  duration('min');
  duration('max');
  duration('since');
  const [min, max] = [parseDurationMs(search.min), parseDurationMs(search.max)];
  if (min !== undefined && max !== undefined && min > max)
    faults.push({ field: 'max', text: 'It must not be below the least duration.' });
  if (search.attribute.trim() !== '' && !/^[^=]+=/.test(search.attribute.trim()))
    faults.push({ field: 'attribute', text: 'It must be key=value: http.route=/events.' });
  for (const field of ['from', 'to'] as const)
    if (search[field] !== '' && !/^\d{1,15}$/.test(search[field]))
      faults.push({ field, text: 'It must be a time in milliseconds since 1970.' });
  return faults;
}

/** Query of `GET /api/traces` and of the heat map. Only for a search without faults. */
export function apiQueryOf(search: TraceSearch, nowMs: number): Partial<TraceQueryInput> {
  const text = (field: 'pipeline' | 'service' | 'name' | 'attribute') => search[field].trim();
  const [minDurationMs, maxDurationMs, sinceMs] = [search.min, search.max, search.since].map(parseDurationMs);
  const fromMs = search.from !== '' ? Number(search.from) : sinceMs === undefined ? undefined : nowMs - sinceMs;
  return {
    ...(text('pipeline') && { pipeline: text('pipeline') }),
    ...(text('service') && { service: text('service') }),
    ...(text('name') && { name: text('name') }),
    ...(text('attribute') && { attribute: text('attribute') }),
    ...(minDurationMs !== undefined && { minDurationMs }),
    ...(maxDurationMs !== undefined && { maxDurationMs }),
    ...(search.status !== '' && { status: search.status }),
    ...(fromMs !== undefined && { fromMs }),
    ...(search.to !== '' && { toMs: Number(search.to) }),
  };
}
