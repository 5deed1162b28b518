import type { ClusterDriver } from '../cluster/driver.ts';
import type { PipelineRecord } from '../model/records.ts';

/** Servers that are to run, after `down`. Those that run are left alone; nothing is waited for. Throws PORT_TAKEN. */
export async function resumeFrameworks(driver: ClusterDriver, names: readonly string[]): Promise<void> {
  for (const { id, owner } of await driver.list()) {
    if (owner.kind === 'framework' && names.includes(owner.name)) await driver.resume(id);
  }
}

/** Those that hold the pipeline's data and users, for these to be removed: removals are tried until their server answers. */
export async function resumeServers(driver: ClusterDriver, { plan }: PipelineRecord, keepData: boolean): Promise<void> {
  const asked = ['kafka', 'cassandra', ...(keepData ? [] : ['redis'])];
  const used = plan.frameworks.map(({ framework }) => framework);
  await resumeFrameworks(
    driver,
    used.filter((name) => asked.includes(name)),
  );
}
