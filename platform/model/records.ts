import type { FrameworkName, FrameworkPlan, Plan } from './plan.ts';

/**
 * What stands on disk about what was installed, written by activities and read by everyone (`plan` and `status` work with
 * the control plane down). One JSON file each, written whole to a temporary name and renamed.
 */
export interface FrameworkRecord {
  readonly format: 'millrace/framework/1';
  readonly framework: FrameworkName;
  readonly state: 'installing' | 'running' | 'failed' | 'removing';
  readonly plan: FrameworkPlan;
  /** Kafka cluster id, Cassandra cluster name, Spark/Redis token: what a readiness probe must find. */
  readonly identity: string;
  /** The operation that installed it: if that deploy is rolled back and nobody else uses it, it goes again. */
  readonly installedBy: string;
  /** Pipelines that use it. */
  readonly users: readonly string[];
}

export interface PipelineRecord {
  readonly format: 'millrace/pipeline/1';
  readonly pipeline: string;
  readonly blueprint: string;
  readonly revision: number;
  /** The operation that made this revision. */
  readonly operation: string;
  readonly state: 'deploying' | 'flowing' | 'failed' | 'destroying' | 'stopped';
  readonly plan: Plan;
  readonly endpoints: Readonly<Record<string, string>>;
  readonly deployedAt?: string;
  readonly firstEventMs?: number;
  readonly error?: { readonly code: string; readonly message: string };
  /**
   * By stage: windows of origin time that began before were counted in part by tasks that are gone, with their journals, so
   * that the ledger can't balance them. Milliseconds since 1970.
   */
  readonly countedFromMs?: Readonly<Record<string, number>>;
}
