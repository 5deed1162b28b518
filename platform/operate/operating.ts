/** What an operation is asked for with, by the command line or the API. */
import type { Home } from '../home.ts';

export interface Operating {
  readonly home: Home;
  readonly cache: string;
  readonly repoRoot: string;
  readonly env: NodeJS.ProcessEnv;
  /** The caller's name in traces: `millrace.cli`, `millrace.api`. */
  readonly service: string;
}
