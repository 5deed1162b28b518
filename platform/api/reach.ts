/** What the handlers are made from. Tests hand in others. */
import { pipelineAccess as accessIn } from '../activities/access.ts';
import type { ClusterDriver } from '../cluster/driver.ts';
import { fail, MillraceError } from '../errors.ts';
import { name as nameShape } from '../model/names.ts';
import { nearestNames } from '../model/nearest.ts';
import type { ChangeRequest, DeployRequest, DestroyRequest } from '../model/operations.ts';
import type { PipelineRecord } from '../model/records.ts';
import type { Watcher } from '../observe/watcher.ts';
import type { Operating } from '../operate/operating.ts';
import { namesOf, type Records } from '../records/records.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { TelemetryDrop } from '../telemetry/drops.ts';
import type { TelemetryStore } from '../telemetry/store/contract.ts';
import type { Alert, ObjectiveStatus } from './contract/pipelines.ts';
import type { EventBus } from './eventBus.ts';

/** Objectives and alerts as the API shows them. */
export interface AlertsView {
  objectives(pipeline: string): readonly ObjectiveStatus[];
  /** Of all pipelines, firing first. */
  alerts(): readonly Alert[];
}

interface Requests {
  readonly deploy: DeployRequest;
  readonly destroy: DestroyRequest;
  readonly change: ChangeRequest;
}
/** By update, without what is added when it is sent. */
type AnyRequest = { [U in keyof Requests]: Omit<Requests[U], 'traceparent'> }[keyof Requests];

export interface Reach extends Operating {
  readonly driver: ClusterDriver;
  readonly records: Records;
  readonly secrets: Secrets;
  readonly watcher: Watcher;
  readonly store: TelemetryStore;
  readonly alerting: AlertsView;
  readonly bus: EventBus;
  /** What this process itself could not write or deliver of telemetry. */
  drops(): readonly TelemetryDrop[];
  /** In Temporal's web UI; null: this home has no control plane. */
  workflowUrl(pipeline: string): string | null;
  /**
   * Hands the operation to the pipeline's workflow (operate/handOver.ts). Throws CONTROL_PLANE_DOWN, and what the workflow refuses
   * it for.
   */
  handOver(update: keyof Requests, kind: string, pipeline: string, request: AnyRequest): Promise<{ operation: string }>;
  /** Asks the workflow to roll the deploy back. Throws CONTROL_PLANE_DOWN. */
  cancel(pipeline: string, operation: string): Promise<void>;
}

/** Throws UNKNOWN_PIPELINE, with the nearest names. */
export function recordOf({ records }: Pick<Reach, 'records'>, name: string | undefined): PipelineRecord {
  const asked = name ?? '';
  const record = nameShape.safeParse(asked).success ? records.pipeline(asked) : undefined;
  if (record) return record;
  const known = namesOf(records.readablePipelines());
  const nearest = nearestNames(asked.slice(0, 60), known);
  return fail('UNKNOWN_PIPELINE', { name: asked.slice(0, 60), known, nearest: nearest.length > 0 ? nearest : known });
}

/** No once it was destroyed, though the observer may still know it for a moment. Yes where its record can't be read: that is told. */
export function isRecorded({ records }: { readonly records: Pick<Records, 'pipeline'> }, pipeline: string): boolean {
  try {
    return records.pipeline(pipeline) !== undefined;
  } catch {
    return true;
  }
}

/** Throws API_NOT_FOUND, with the nearest of `known`. */
export function notFound(what: string, id: string, known: readonly string[]): MillraceError {
  const nearest = nearestNames(id.slice(0, 100), known);
  return new MillraceError('API_NOT_FOUND', {
    what,
    id: id.slice(0, 100),
    nearest: nearest.length > 0 ? nearest : known,
  });
}

/** The pipeline's own login to a server of its plan. Throws NOT_INSTALLED. */
export async function loginOf<K extends 'kafka' | 'cassandra'>(reach: Reach, record: PipelineRecord, server: K) {
  const access = await accessIn(reach, record.pipeline, [server]);
  return access[server] ?? fail('NOT_INSTALLED', { framework: server });
}

/** Throws API_NOT_FOUND. */
export function serviceOf({ plan }: PipelineRecord, service: string): string {
  const known = Object.keys(plan.spec.services);
  if (!known.includes(service)) throw notFound('service', service, known);
  return service;
}

/** A service, or another part that has tasks of its own (a group of flows, the Spark driver). Throws API_NOT_FOUND. */
export function partOf({ pipeline, plan }: PipelineRecord, part: string): string {
  const groups = plan.placements.map(({ demand }) => demand.group);
  const known = [
    ...new Set(
      groups.filter((group) => group.startsWith(`${pipeline}.`)).map((group) => group.slice(pipeline.length + 1)),
    ),
  ];
  if (!known.includes(part)) throw notFound('service', part, known);
  return part;
}
