import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import {
  announceDeploy,
  firstDeployOver,
  forgetAnnouncement,
  isDeployAnnounced,
  isFirstDeploy,
} from '../../../platform/api/firstDeploy.ts';
import { homeAt } from '../../../platform/home.ts';
import type { PipelineRecord } from '../../../platform/model/records.ts';

type Seen = Pick<PipelineRecord, 'state' | 'revision'>;
const seen = (all: readonly Seen[]) => ({ pipelines: () => all as readonly PipelineRecord[] });
const unreadable = () => {
  throw new Error('corrupt');
};

/** How long it waits, in milliseconds of a clock that each pause moves on. */
async function waits(seenAt: (ms: number) => readonly Seen[], isAnnounced = () => true): Promise<number> {
  let ms = 0;
  const pause = async (by: number) => {
    ms += by;
  };
  const records = { pipelines: () => seen(seenAt(ms)).pipelines() };
  await firstDeployOver(records, isAnnounced, { now: () => ms, pause });
  return ms;
}
const deploying = { state: 'deploying', revision: 1 } as const;

test('waits for the end of a first deploy, also when it fails and leaves nothing', async () => {
  expect(await waits((ms) => (ms < 1000 ? [] : [{ ...deploying, state: ms < 15_000 ? 'deploying' : 'flowing' }]))).toBe(
    15_000,
  );
  let announced = true;
  const failing = waits(
    (ms) => {
      announced = ms < 9000;
      return ms < 1000 || ms >= 9000 ? [] : [deploying];
    },
    () => announced,
  );
  expect(await failing).toBe(9000);
});

test('with a deploy that never comes, or that does not end, it does not wait for ever', async () => {
  expect(await waits(() => [])).toBe(4000);
  expect(await waits(() => [deploying])).toBe(120_000);
});

test('without an announced deploy it does not wait at all, also when one is under way: an API that starts again serves', async () => {
  for (const seen of [[], [deploying]]) {
    expect(
      await waits(
        () => seen,
        () => false,
      ),
    ).toBe(0);
  }
});

test('a home that had a pipeline is served at once, during its next deploys, too', async () => {
  expect(await waits(() => [{ ...deploying, revision: 2 }])).toBe(0);
  expect(await waits(() => [{ ...deploying, state: 'failed' }, deploying])).toBe(0);
  expect(await waits(unreadable)).toBe(0);
});

test('a first deploy is one as long as nothing else was deployed', () => {
  expect(isFirstDeploy(seen([deploying]))).toBe(true);
  expect(isFirstDeploy(seen([]))).toBe(false);
  expect(isFirstDeploy(seen([deploying, { state: 'flowing', revision: 1 }]))).toBe(false);
  expect(isFirstDeploy({ pipelines: unreadable })).toBe(false);
});

test('an announcement holds until it is forgotten, in a home that is new, too', () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-announce-'));
  try {
    const home = homeAt(join(directory, 'home'));
    expect(isDeployAnnounced(home)).toBe(false);
    announceDeploy(home);
    announceDeploy(home);
    expect(isDeployAnnounced(home)).toBe(true);
    forgetAnnouncement(home);
    forgetAnnouncement(home);
    expect(isDeployAnnounced(home)).toBe(false);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
