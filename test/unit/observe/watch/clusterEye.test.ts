/** What all pipelines share, when it can't be read: told, never thrown at whom nobody waits for. */
import { expect, test } from '@jest/globals';
import type { FrameworkRecord } from '../../../../platform/model/records.ts';
import { ClusterEye } from '../../../../platform/observe/watch/clusterEye.ts';

test('records of servers that can not be read are told with each look, until they can; tasks are seen all the same', async () => {
  let nowMs = 1000;
  let frameworks = (): readonly FrameworkRecord[] => [];
  const eye = new ClusterEye({
    driver: { list: async () => [] },
    frameworks: () => frameworks(),
    secrets: { get: () => '' },
    now: () => nowMs,
    workerTask: 'worker',
  });
  const later = async () => {
    nowMs += 6000;
    await eye.look();
    return await eye.look();
  };
  expect(await later()).not.toHaveProperty('fault');
  frameworks = () => {
    throw new Error('kafka.json is corrupt');
  };
  const blind = await later();
  expect(blind.fault).toEqual(new Error('kafka.json is corrupt'));
  expect(blind.statuses?.size).toBe(0);
  frameworks = () => [];
  expect(await later()).not.toHaveProperty('fault');
});

test('servers are asked again at once after a clock that was set back', async () => {
  let nowMs = 10_000_000;
  let asked = 0;
  const frameworks = () => {
    asked += 1;
    return [];
  };
  const driver = { list: async () => [] };
  const eye = new ClusterEye({
    driver,
    frameworks,
    secrets: { get: () => '' },
    now: () => nowMs,
    workerTask: 'worker',
  });
  await eye.look();
  const before = asked;
  nowMs -= 3_600_000;
  await eye.look();
  expect(asked).toBeGreaterThan(before);
});
