import type { ClusterDriver } from '../cluster/driver.ts';
import type { PipelineRecord } from '../model/records.ts';

/**
 * After `down`, the servers that hold the pipeline's data and users must run for these to be removed. Those that run are left
 * alone; nothing is waited for, since removals are tried until their server answers. Throws PORT_TAKEN, before any removal.
 */
export async function resumeServers(driver: ClusterDriver, { plan }: PipelineRecord, keepData: boolean): Promise<void> {
  const asked = ['kafka', 'cassandra', ...(keepData ? [] : ['redis'])];
  const used = plan.frameworks.map(({ framework }) => framework).filter((name) => asked.includes(name));
  for (const { id, owner } of await driver.list()) {
    if (owner.kind === 'framework' && used.some((name) => name === owner.name)) await driver.resume(id);
  }
}
