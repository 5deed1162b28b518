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
