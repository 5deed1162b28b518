/**
 * The activities as workflows see them: names and types, no code. `createActivities` (platform/activities) implements this
 * interface, so a missing or mistyped activity is a compile error on one side or the other.
 */

import type { ErrorJson } from '../errors.ts';
import type { LedgerEntry } from '../model/ledger.ts';
import type {
  ChangeRequest,
  DeployRequest,
  DeployResult,
  DestroyRequest,
  DestroyResult,
  EnsureRequest,
  EnsureResult,
  RecordedPlan,
  ReleaseRequest,
  StepScope,
} from '../model/operations.ts';
import type { Step, StepKind, UndoKind } from '../model/plan.ts';

export interface StepCall<K extends StepKind = StepKind> {
  readonly scope: StepScope;
  readonly step: Step<K>;
}
export interface UndoCall {
  readonly scope: StepScope;
  readonly step: string;
  readonly kind: UndoKind;
  readonly input: Readonly<Record<string, unknown>>;
}

export type StepActivities = { [K in StepKind]: (call: StepCall<K>) => Promise<void> };
export type UndoActivities = { [K in UndoKind]: (call: UndoCall) => Promise<readonly LedgerEntry[]> };

export interface PlanningActivities {
  /** Plans, allocates and records the revision. Fails with PLAN_REFUSED. Idempotent by operation id. */
  'pipeline.plan'(request: DeployRequest): Promise<RecordedPlan>;
  'pipeline.finish'(request: DeployRequest, revision: number): Promise<DeployResult>;
  'pipeline.fail'(request: DeployRequest, revision: number, error: ErrorJson): Promise<void>;
  /** The steps of a change, out of the recorded revision. Fails with UNKNOWN_PIPELINE, UNKNOWN_SERVICE. */
  'pipeline.planChange'(request: ChangeRequest): Promise<RecordedPlan>;
  'pipeline.planTeardown'(request: DestroyRequest): Promise<readonly UndoCall[][]>;
  /** Compares what is left with what was there, and forgets the pipeline. */
  'pipeline.finishTeardown'(request: DestroyRequest, removed: readonly LedgerEntry[]): Promise<DestroyResult>;
  'framework.begin'(request: EnsureRequest): Promise<RecordedPlan & { readonly action: EnsureResult['action'] }>;
  'framework.finish'(request: EnsureRequest): Promise<void>;
  'framework.fail'(request: EnsureRequest, error: ErrorJson): Promise<void>;
  'framework.removeUser'(request: ReleaseRequest): Promise<readonly LedgerEntry[]>;
  /** Records the span of a finished workflow operation; its id was handed to the steps as their parent. */
  'operation.span'(span: OperationSpan): Promise<void>;
}

export interface OperationSpan {
  readonly name: string;
  readonly traceparent: string;
  readonly spanId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly error?: string;
  /** The operation that has ended, and what it failed with. Histories before 2026-11-24 have neither. */
  readonly operation?: string;
  readonly failure?: ErrorJson;
}

export type Activities = StepActivities & UndoActivities & PlanningActivities;
