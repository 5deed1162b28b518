/** Typed calls of the API. A change carries the CSRF token of the session; a GET never changes anything. */
import type { z } from 'zod';
import type { ResponseOf, RouteName, routes } from '../../../api/contract/routes.ts';
import { failureOf, unreachable } from './failure.ts';
import { paths } from './paths.ts';
import { fillPath, queryText } from './urls.ts';

export const csrfHeader = 'x-millrace-csrf';

type Routes = typeof routes;
type ParameterOf<P extends string> = P extends `${string}:${infer Rest}`
  ? Rest extends `${infer Name}/${infer More}`
    ? Name | ParameterOf<`/${More}`>
    : Rest
  : never;
type Parameters<N extends RouteName> = [ParameterOf<Routes[N]['path']>] extends [never]
  ? { readonly params?: undefined }
  : { readonly params: Readonly<Record<ParameterOf<Routes[N]['path']>, string>> };
type Query<N extends RouteName> = Routes[N] extends { readonly query: infer Q extends z.ZodType }
  ? { readonly query?: { readonly [K in keyof z.input<Q>]?: string | number | undefined } }
  : { readonly query?: undefined };
type Body<N extends RouteName> = Routes[N] extends { readonly body: infer B extends z.ZodType }
  ? { readonly body: z.input<B> }
  : { readonly body?: undefined };

/** What a call of the route takes: the path's parameters, the query, the body. */
export type InputOf<N extends RouteName> = Parameters<N> & Query<N> & Body<N>;

export interface Api {
  /** Throws ApiFailure; an AbortError when `signal` ends it. */
  call<N extends RouteName>(name: N, input: InputOf<N>, signal?: AbortSignal): Promise<ResponseOf<N>>;
}

export interface ApiOptions {
  readonly fetch: typeof fetch;
  /** The login is over: called at each answer with status 401. */
  readonly onLoggedOut: () => void;
}

export function createApi({ fetch, onLoggedOut }: ApiOptions): Api {
  let csrfToken: string | null = null;

  async function send(name: RouteName, input: InputOf<RouteName>, signal?: AbortSignal): Promise<unknown> {
    const { method, path } = paths[name];
    const url = fillPath(path, input.params ?? {}) + queryText(input.query ?? {});
    const headers: Record<string, string> = { accept: 'application/json' };
    if (input.body !== undefined) headers['content-type'] = 'application/json';
    if (method !== 'GET' && csrfToken !== null) headers[csrfHeader] = csrfToken;
    const init: RequestInit = { method, headers, credentials: 'same-origin', cache: 'no-store' };
    if (input.body !== undefined) init.body = JSON.stringify(input.body);
    if (signal !== undefined) init.signal = signal;
    const answer = await fetch(url, init).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      throw unreachable();
    });
    const body: unknown = await answer.json().catch((error: unknown) => {
      if (signal?.aborted) throw error;
      // Cut off on its way. A refusal without a body still tells its status.
      if (answer.ok) throw unreachable();
      return null;
    });
    if (answer.status === 401) onLoggedOut();
    if (!answer.ok) throw failureOf(answer.status, body);
    return body;
  }

  return {
    async call(name, input, signal) {
      const body = await send(name, input as InputOf<RouteName>, signal);
      if (name === 'session') csrfToken = (body as ResponseOf<'session'>).csrfToken;
      return body as ResponseOf<typeof name>;
    },
  };
}
