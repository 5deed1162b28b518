/** What every cluster driver must do with real processes: one suite, run for each. */
import { afterAll, beforeAll, describe, jest } from '@jest/globals';
import { launching } from './suite-launch.ts';
import { removal, supervisorDeath, wholeCluster } from './suite-lifecycle.ts';
import { logs, ports } from './suite-ports-logs.ts';
import { supervision } from './suite-supervision.ts';
import type { ClusterHarness, ClusterUnderTest } from './under-test.ts';

jest.setTimeout(120_000);

export function clusterSuite(name: string, firstPort: number, make: () => Promise<ClusterHarness>): void {
  describe(`cluster driver ${name}`, () => {
    let harness: ClusterHarness;
    const cluster: ClusterUnderTest = {
      get driver() {
        return harness.driver;
      },
      get harness() {
        return harness;
      },
      firstPort,
    };
    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness.end());
    describe('launch', () => launching(cluster));
    describe('supervision', () => supervision(cluster));
    describe('ports', () => ports(cluster));
    describe('logs', () => logs(cluster));
    describe('the whole cluster', () => wholeCluster(cluster));
    describe('removal', () => removal(cluster));
    describe('death of the supervisor', () => supervisorDeath(cluster));
  });
}
