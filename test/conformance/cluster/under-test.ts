/** What the parts of the suite are handed, and how they look at it. */
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { ClusterDriver, TaskStatus } from '../../../platform/cluster/driver.ts';
import type { ErrorCode } from '../../../platform/errors.ts';
import type { LedgerEntry } from '../../../platform/model/ledger.ts';
import { until } from './until.ts';

export interface ClusterHarness {
  readonly driver: ClusterDriver;
  /** Ends, without warning, whatever supervises the tasks. */
  killSupervisor(): Promise<void>;
  startSupervisor(): Promise<void>;
  /** What a call throws while there is no supervisor. */
  readonly supervisorGone: ErrorCode;
  /** The reason of a task that waits for its next start, having ended with code 3. */
  readonly backoffReason: RegExp;
  /** What a removal says of a task's processes, the container of them being one. */
  ended(id: string, leader: number): readonly Pick<LedgerEntry, 'kind' | 'name'>[];
  /** Ids, as this machine has them, of all processes of a task that runs `programs.family`. */
  familyOf(id: string): Promise<readonly number[]>;
  /** The log as a file, where the driver keeps it as one. */
  readonly logFile?: (id: string) => string;
  /** Whether processes that are no tasks can listen on a node's address. */
  readonly sharesItsAddress: boolean;
  /** Everything away. */
  end(): Promise<void>;
}

export interface ClusterUnderTest {
  readonly driver: ClusterDriver;
  readonly harness: ClusterHarness;
  readonly firstPort: number;
  /** Of the node that tasks are launched on. */
  readonly address: string;
}

export const statusOf = async (driver: ClusterDriver, id: string) => (await driver.status(id)) as TaskStatus;
export const data = (driver: ClusterDriver, id: string, file: string) => join(driver.paths(id).dataDir, file);
export const readWhenThere = (file: string) =>
  until(file, () => existsSync(file) && readFileSync(file, 'utf8').length > 0 && readFileSync(file, 'utf8'));

/** Whether something listens there. */
export function answers(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: 1000 });
    const end = (there: boolean) => {
      socket.destroy();
      resolve(there);
    };
    socket.once('connect', () => end(true));
    for (const event of ['error', 'timeout']) socket.once(event, () => end(false));
  });
}
