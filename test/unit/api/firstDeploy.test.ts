import { expect, test } from '@jest/globals';
import { firstDeployOver } from '../../../platform/api/firstDeploy.ts';
import type { PipelineRecord } from '../../../platform/model/records.ts';

type Seen = Pick<PipelineRecord, 'state' | 'revision'>;

/** How long it waits, in milliseconds of a clock that each pause moves on. */
async function waits(seenAt: (ms: number) => readonly Seen[]): Promise<number> {
  let ms = 0;
  const pause = async (by: number) => {
    ms += by;
  };
  await firstDeployOver({ pipelines: () => seenAt(ms) as readonly PipelineRecord[] }, { now: () => ms, pause });
  return ms;
}
const deploying = { state: 'deploying', revision: 1 } as const;

test('waits for the end of a first deploy, also when it fails and leaves nothing', async () => {
  expect(await waits((ms) => (ms < 1000 ? [] : [{ ...deploying, state: ms < 15_000 ? 'deploying' : 'flowing' }]))).toBe(
    15_000,
  );
  expect(await waits((ms) => (ms < 1000 || ms >= 9000 ? [] : [deploying]))).toBe(9000);
});

test('without a deploy, or with one that does not end, it does not wait for ever', async () => {
  expect(await waits(() => [])).toBe(4000);
  expect(await waits(() => [deploying])).toBe(120_000);
});

test('a home that had a pipeline is served at once, during its next deploys, too', async () => {
  expect(await waits(() => [{ ...deploying, revision: 2 }])).toBe(0);
  expect(await waits(() => [{ ...deploying, state: 'failed' }, deploying])).toBe(0);
  const unreadable = () => {
    throw new Error('corrupt');
  };
  expect(await waits(unreadable)).toBe(0);
});
