/** What a blueprint's service is written against: `export const service = defineService({ … })` in its entry module. */
import type { Client } from 'cassandra-driver';
import type { Redis } from 'ioredis';
import type { z } from 'zod';
import type { NodeTaskConfig } from '../connectors/config.ts';
import type { ProjectionEntry, ProjectionReader } from '../connectors/redis/projection.ts';
import type { SpanRecorder } from '../telemetry/recorder.ts';
import type { StageReport } from '../telemetry/stageMeter.ts';

export type ProjectionFollower = (entry: ProjectionEntry) => void;

/** Handed to `create` once, when the process starts; no server has to be there yet. */
export interface ServiceContext {
  readonly config: NodeTaskConfig;
  readonly recorder: SpanRecorder;
  readonly log: (message: string) => void;
  /** Fires when the process is asked to end. */
  readonly stopping: AbortSignal;
  /** The connected client. Throws SERVER_UNREACHABLE (503) while there is none, and INTERNAL when `uses` lacks cassandra. */
  cassandra(): Client;
  /** The connected client. Throws SERVER_UNREACHABLE (503) while there is none, and INTERNAL when `uses` lacks redis. */
  redis(): Redis;
  /**
   * A reader of one of the pipeline's Redis projections, on a connection of its own; to be called in `create`. The answer
   * gives the reader, and throws SERVER_UNREACHABLE while there is none. `follower` is told of each change.
   */
  projection(name: string, follower?: ProjectionFollower): () => ProjectionReader;
}

export interface RequestOf<P, Q> {
  readonly params: P;
  readonly query: Q;
  /** `/flights/f-1?x=1`. */
  readonly url: string;
  readonly traceparent: string | undefined;
  /** When the request came, in milliseconds since 1970. */
  readonly startMs: number;
}

/** GET, answered with JSON. `params` names what stands after the colons of `path`. */
export interface JsonRoute {
  readonly kind: 'json';
  readonly path: string;
  readonly summary: string;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly answer: z.ZodType;
  handle(request: RequestOf<unknown, unknown>): Promise<unknown>;
}

/** GET, answered with Server-Sent Events. */
export interface StreamRoute {
  readonly kind: 'stream';
  readonly path: string;
  readonly summary: string;
  /** What stands in each event's `data`. */
  readonly event: z.ZodType;
  /** Adds one reader; see `createEventHub`. False when there are too many. */
  subscribe(reader: EventReader): boolean;
}

export interface EventReader {
  /** False when the reader has not taken what came before; nothing may be sent until `drained`. */
  write(text: string): boolean;
  drained(callback: () => void): void;
  closed(callback: () => void): void;
}

export type Route = JsonRoute | StreamRoute;

/** A running service. */
export interface Service {
  readonly routes?: readonly Route[];
  /** What it waits for besides its servers; empty when nothing. */
  waitingFor?(): string;
  /** Added to what `/metrics.json` of the health port answers. */
  metrics?(): Readonly<Record<string, unknown>>;
  /** Checkpoints of its own, as a queue's worker reports them: they are watched with those of the pipeline's stages. */
  stages?(): readonly StageReport[];
  /** Ends what it began, within 8 s; the host has stopped listening before. */
  stop?(): Promise<void>;
}

export interface ServiceDefinition {
  /** Title of the OpenAPI document. */
  readonly title: string;
  /** Begins and returns at once. */
  create(context: ServiceContext): Service;
}

export function defineService(definition: ServiceDefinition): ServiceDefinition {
  return definition;
}

/** A JSON route whose `handle` sees what its schemas gave. It throws RECORD_NOT_FOUND for a 404. */
export function route<P extends z.ZodObject, Q extends z.ZodObject, A extends z.ZodType>(definition: {
  readonly path: string;
  readonly summary: string;
  readonly params: P;
  readonly query: Q;
  readonly answer: A;
  handle(request: RequestOf<z.output<P>, z.output<Q>>): Promise<z.input<A>>;
}): JsonRoute {
  const handle = definition.handle as unknown as JsonRoute['handle'];
  return { ...definition, kind: 'json', handle };
}

export function streamRoute(definition: Omit<StreamRoute, 'kind'>): StreamRoute {
  return { ...definition, kind: 'stream' };
}
