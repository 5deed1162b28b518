/** How the routes of the contract are answered: one handler for each, typed by it. */
import type { z } from 'zod';
import type { RouteName, routes } from '../contract/routes.ts';

type Parsed<N extends RouteName, K extends 'query' | 'body'> =
  (typeof routes)[N] extends Record<K, infer S extends z.ZodType> ? z.output<S> : undefined;

export interface Asked<N extends RouteName> {
  /** Of the path, decoded; unchecked. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Parsed<N, 'query'>;
  readonly body: Parsed<N, 'body'>;
  /** When it came, in milliseconds since 1970. */
  readonly nowMs: number;
}

/** What the contract's schema takes: checked by it before it is sent. */
export type Answered<N extends RouteName> = z.input<(typeof routes)[N]['response']>;
export type Handler<N extends RouteName> = (asked: Asked<N>) => Promise<Answered<N>> | Answered<N>;
/** `session` is answered by the server itself, which knows the caller. */
export type Handlers = { readonly [N in Exclude<RouteName, 'session'>]: Handler<N> };
