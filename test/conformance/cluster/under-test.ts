/** What the parts of the suite are handed, and how they look at it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterDriver, TaskStatus } from '../../../platform/cluster/driver.ts';
import { until } from './until.ts';

export interface ClusterHarness {
  readonly driver: ClusterDriver;
  /** Ends, without warning, whatever supervises the tasks. */
  killSupervisor(): Promise<void>;
  startSupervisor(): Promise<void>;
  /** Everything away. */
  end(): Promise<void>;
}

export interface ClusterUnderTest {
  readonly driver: ClusterDriver;
  readonly harness: ClusterHarness;
  readonly firstPort: number;
}

export const statusOf = async (driver: ClusterDriver, id: string) => (await driver.status(id)) as TaskStatus;
export const data = (driver: ClusterDriver, id: string, file: string) => join(driver.paths(id).dataDir, file);
export const readWhenThere = (file: string) =>
  until(file, () => existsSync(file) && readFileSync(file, 'utf8').length > 0 && readFileSync(file, 'utf8'));
