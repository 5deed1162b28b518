/** What the control plane's tasks ask for is what the driver enforces, and what planning keeps off. */
import { expect, test } from '@jest/globals';
import { renderControlRedis } from '../../../platform/control/redis.ts';
import { renderApi, renderTemporal, renderWorker } from '../../../platform/control/tasks.ts';
import type { Artifacts } from '../../../platform/frameworks/contract.ts';
import { homeAt } from '../../../platform/home.ts';
import { agentMiB, controlLimits, controlPlaneMiB } from '../../../platform/model/controlPlane.ts';

const artifacts = { node: 'node', temporal: 'temporal', valkeyServer: 'valkey-server' } as Artifacts;
const ports = { temporal: 1, ui: 2, http: 3, metrics: 4, api: 5, redis: 6, otlp: 7 };
const settings = { home: homeAt('/nowhere'), cache: '/cache', repoRoot: '/repo', sources: '', env: {}, ports };

test('each task has its limit, none is left out, and all together with the agent are kept off the nodes', () => {
  const tasks = [
    renderTemporal('node-1', ports, artifacts),
    renderWorker('node-1', artifacts, { ...settings, temporalAddress: '' }),
    renderApi('node-1', artifacts, settings),
    renderControlRedis('node-1', ports.redis, artifacts, (name) => name),
  ];
  expect(Object.fromEntries(tasks.map(({ id, limits }) => [id, limits]))).toEqual(controlLimits);
  expect(tasks.reduce((sum, { limits }) => sum + limits.memoryMiB, agentMiB)).toBe(controlPlaneMiB);
  const valkey = tasks.at(-1)!.files.find(({ path }) => path === 'conf/valkey.conf')!;
  const maxMemoryMiB = Number(/^maxmemory (\d+)mb$/m.exec(String(valkey.content))?.[1]);
  expect(maxMemoryMiB).toBeLessThan(controlLimits['millrace.redis.0'].memoryMiB);
  expect(maxMemoryMiB).toBeGreaterThan(0);
});
