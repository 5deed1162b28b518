/**
 * The contract of a framework package: pure rendering in `package.ts`, client verbs in `admin.ts`, options in `spec.ts`.
 *
 * `demands`, `phases` and `render` are pure. `render` is called by the `task.launch` activity, so that what it returns may
 * hold secrets; nothing of it reaches a workflow. `ready` is called by `task.ready`, again and again until it answers true.
 */
import type { z } from 'zod';
import type { TaskSpec } from '../cluster/driver.ts';
import type { Placement, TaskDemand } from '../model/cluster.ts';
import type { FrameworkName, Phase } from '../model/plan.ts';

/** Paths of everything that was brought in, from platform/artifacts. */
export interface Artifacts {
  /** Absolute path of the Java executable, and its major version. */
  readonly java: string;
  readonly javaVersion: string;
  /** Directories with jars. */
  readonly kafkaLib: string;
  readonly cassandraLib: string;
  readonly sparkLib: string;
  /**
   * Our compiled Java: the jar of each framework that has sources. A jar, never a directory of classes: class-data archives
   * refuse class paths with directories in them.
   */
  readonly javaClasses: Readonly<Record<'kafka' | 'cassandra' | 'spark', string>>;
  readonly temporal: string;
  readonly valkeyServer: string;
  /** The Node that runs services: the one that runs the CLI. */
  readonly node: string;
  /** A class-data archive (.jsa) by name, if it has been made for this Java and these jars. */
  classDataArchive(name: 'kafka' | 'cassandra' | 'spark'): string | undefined;
}

export interface RenderContext<O> {
  readonly options: O;
  /** Every placement of this framework, in instance order. */
  readonly placements: readonly Placement[];
  /** The one to render. */
  readonly placement: Placement;
  /** Cluster id, cluster name or token of this installation: what a readiness probe must find. */
  readonly identity: string;
  readonly artifacts: Artifacts;
  /** The password generated for `name` in this framework; made on first use, kept in a 0600 file. */
  secret(name: string): string;
}

/** How clients reach a framework that runs. */
export interface FrameworkAccess<O> extends Omit<RenderContext<O>, 'placement'> {}

/** What it takes to ask a task whether it is ready: no artifact, so that `status` need not verify any. */
export interface ProbeAccess<O> extends Omit<FrameworkAccess<O>, 'artifacts'> {}

export interface Readiness {
  readonly ready: boolean;
  /** What is still missing, for the progress line: "waiting for the controller", "3 of 4 keyspaces". */
  readonly waitingFor: string;
}

export interface FrameworkPackage<O> {
  readonly name: FrameworkName;
  readonly version: string;
  readonly options: z.ZodType<O>;
  /** One demand per task, in instance order. Sizes follow from the options. */
  demands(options: O): readonly TaskDemand[];
  /** Steps to bring it up from nothing: launch, ready, secure. */
  phases(options: O): readonly Phase[];
  render(context: RenderContext<O>): TaskSpec;
  /**
   * Whether the task answers as ours. Throws WRONG_IDENTITY when something else answers.
   * Never writes; safe to call any number of times; each call ends within 5 s.
   */
  ready(access: ProbeAccess<O>, placement: Placement): Promise<Readiness>;
}
