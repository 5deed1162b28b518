/** A home of its own whose tasks run in a Docker engine of the test's own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createCluster } from '../../../platform/cluster/cluster-file.ts';
import { createDockerDriver } from '../../../platform/cluster/docker/driver.ts';
import { connectEngine } from '../../../platform/cluster/docker/engine.ts';
import { namesOf } from '../../../platform/cluster/docker/names.ts';
import { ensureNetwork, nodeAddress } from '../../../platform/cluster/docker/network.ts';
import { homeAt } from '../../../platform/home.ts';
import { startEngine } from '../../engine/dockerd.ts';
import { baseImage, loadBaseImage } from '../../engine/images.ts';
import type { ClusterHarness } from './under-test.ts';

export { missingForEngine as missingForDocker } from '../../engine/dockerd.ts';

export async function dockerHarness(): Promise<ClusterHarness> {
  const home = homeAt(mkdtempSync(join(tmpdir(), 'docker-home-')));
  const dockerd = await startEngine();
  const engine = connectEngine(dockerd.socket);
  await loadBaseImage(engine);
  const names = namesOf(home);
  const subnet = await ensureNetwork(engine, names);
  await createCluster(home, { nodes: 1, driver: 'docker', addressOf: (index) => nodeAddress(subnet, index) });
  // The Node that runs the tests, which runs the suite's programs, too.
  const shares = [{ path: dirname(dirname(process.execPath)), writable: false }];
  const driver = createDockerDriver({ home, engine, image: baseImage, shares });
  return {
    driver,
    killSupervisor: () => dockerd.kill(),
    startSupervisor: () => dockerd.start(),
    supervisorGone: 'ENGINE_UNREACHABLE',
    backoffReason: /^ended with code 3, [2-9] restarts, the engine starts it again$/,
    ended: (id) => [{ kind: 'container', name: names.task(id) }],
    async familyOf(id) {
      const { Processes } = await engine.getContainer(names.task(id)).top({ ps_args: '-o pid' });
      return (Processes as string[][]).map(([pid]) => Number(pid));
    },
    sharesItsAddress: false,
    async end() {
      try {
        for (const { id } of await driver.list()) await driver.remove(id, { data: true });
        await driver.dismantle();
      } finally {
        await dockerd.end();
        rmSync(home.root, { recursive: true, force: true });
      }
    },
  };
}
