/** Requests and results of the long-running operations on pipelines and frameworks. Small: they enter workflow history. */
import type { ErrorJson } from '../errors.ts';
import type { Ledger } from './ledger.ts';
import type { FrameworkName, Phase } from './plan.ts';

/** Identifies one run of an operation. The same id again joins that run instead of starting another. */
export interface Operation {
  readonly id: string;
  /** W3C trace context of the caller: what the operation does shows under it. */
  readonly traceparent: string;
  /** When the user asked, in milliseconds since 1970: `firstEventMs` counts from here. */
  readonly requestedAtMs: number;
}

export interface DeployRequest extends Operation {
  readonly pipeline: string;
  readonly blueprint: string;
  readonly parameters: Readonly<Record<string, number | string | boolean>>;
  /** How the pipeline is to be broken on purpose (telemetry/sabotage.ts); only where the user has allowed it. */
  readonly sabotage?: string;
  /** Instances by service, set by hand. */
  readonly scale?: Readonly<Record<string, number>>;
}

export interface DeployResult {
  readonly pipeline: string;
  readonly blueprint: string;
  readonly revision: number;
  readonly state: 'flowing';
  /** From the request to the first event read back from the API, in milliseconds. */
  readonly firstEventMs: number;
  readonly endpoints: Readonly<Record<string, string>>;
}

/** A change to the tasks of a revision; no new revision, no change of data. */
export interface ChangeRequest extends Operation {
  readonly pipeline: string;
  readonly change: 'stop' | 'start' | 'restart';
  /** To restart; without: every task, one after the other. */
  readonly service?: string;
}

export interface ChangeResult {
  readonly pipeline: string;
  readonly revision: number;
  readonly change: ChangeRequest['change'];
  /** Tasks that were stopped, started or restarted. */
  readonly tasks: readonly string[];
}

export interface DestroyRequest extends Operation {
  readonly pipeline: string;
  /** Keep topics, tables and checkpoints; remove only what runs. */
  readonly keepData: boolean;
}

export interface DestroyResult {
  readonly pipeline: string;
  readonly ledger: Ledger;
}

/** Asks a framework's workflow to be there for a pipeline. The plan is read from the pipeline's recorded revision. */
export interface EnsureRequest extends Operation {
  readonly framework: FrameworkName;
  readonly pipeline: string;
  readonly revision: number;
}

export interface ReleaseRequest extends Operation {
  readonly framework: FrameworkName;
  readonly pipeline: string;
}

export interface EnsureResult {
  readonly action: 'installed' | 'reused';
}

/** Which recorded plan a step belongs to. */
export interface StepScope {
  readonly operation: Operation;
  readonly kind: 'pipeline' | 'framework';
  readonly name: string;
  readonly revision: number;
}

/** What a planning activity hands to the workflow: the steps to interpret, nothing else. */
export interface RecordedPlan {
  readonly revision: number;
  readonly phases: readonly Phase[];
}

/** One line of an operation's journal, which the CLI follows. */
export interface JournalEntry {
  /** ISO-8601. */
  readonly at: string;
  readonly scope: string;
  readonly step: string;
  readonly label: string;
  readonly state: 'started' | 'waiting' | 'retrying' | 'done' | 'failed' | 'undone';
  readonly text?: string;
  readonly ms?: number;
  readonly error?: ErrorJson;
}

/** What could not be undone after the failure that `error` tells: a line each. */
export function notUndoneOf({ details }: Pick<ErrorJson, 'details'>): readonly string[] {
  return Array.isArray(details.notUndone) ? details.notUndone.map(String) : [];
}
