/** What every cluster driver must do with real processes: one suite, run for each. */
import { afterAll, beforeAll, describe, jest } from '@jest/globals';
import { launching } from './suite-launch.ts';
import { removal, startedAgain, supervisorDeath, wholeCluster } from './suite-lifecycle.ts';
import { logs, ports } from './suite-ports-logs.ts';
import { supervision } from './suite-supervision.ts';
import type { ClusterHarness, ClusterUnderTest } from './under-test.ts';

jest.setTimeout(120_000);

/** `missing`: why the driver can't run on this machine; its tests are then skipped, and counted as such. */
export function clusterSuite(
  name: string,
  firstPort: number,
  make: () => Promise<ClusterHarness>,
  missing?: string,
): void {
  if (missing !== undefined) process.stderr.write(`cluster driver ${name} is not tested: ${missing}\n`);
  (missing === undefined ? describe : describe.skip)(`cluster driver ${name}`, () => {
    let harness: ClusterHarness;
    let address: string;
    const cluster: ClusterUnderTest = {
      get driver() {
        return harness.driver;
      },
      get harness() {
        return harness;
      },
      firstPort,
      get address() {
        return address;
      },
    };
    beforeAll(async () => {
      harness = await make();
      address = (await harness.driver.nodes())[0]!.address;
    });
    afterAll(() => harness.end());
    describe('launch', () => launching(cluster));
    describe('supervision', () => supervision(cluster));
    describe('ports', () => ports(cluster));
    describe('logs', () => logs(cluster));
    describe('the whole cluster', () => {
      wholeCluster(cluster);
      startedAgain(cluster);
    });
    describe('removal', () => removal(cluster));
    describe('death of the supervisor', () => supervisorDeath(cluster));
  });
}
