/** What activities are made from. Tests hand in others. */
import type { Client } from '@temporalio/client';
import type { ClusterDriver } from '../cluster/driver.ts';
import type { Artifacts } from '../frameworks/contract.ts';
import type { Home } from '../home.ts';
import type { Records } from '../records/records.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { SpanRecorder } from '../telemetry/recorder.ts';

export interface ActivityDeps {
  readonly home: Home;
  /** The cache, given to tasks for their compile cache. */
  readonly cache: string;
  /** Folder of this checkout: blueprints and the entry files of Node tasks. */
  readonly repoRoot: string;
  readonly driver: ClusterDriver;
  /** Loaded on first use: verifying the files costs some 100 ms. */
  readonly artifacts: () => Promise<Artifacts>;
  readonly records: Records;
  readonly secrets: Secrets;
  readonly recorder: SpanRecorder;
  readonly temporal: Client;
  /** `OTEL_*` variables that Node tasks of pipelines get, so that their spans reach the same collector. */
  readonly taskEnv: Readonly<Record<string, string>>;
}
