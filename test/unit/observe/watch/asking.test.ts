/** Tasks that are slow, and tasks that hang: whom a look waits for. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import type { PipelineRecord } from '../../../../platform/model/records.ts';
import { TaskAsker } from '../../../../platform/observe/watch/asking.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** Answers after so long; `hangs`: never. */
async function task(name: string, answersMs: () => number | 'hangs') {
  const server = createServer(async (_, response) => {
    const ms = answersMs();
    if (ms === 'hangs') return;
    await sleep(ms);
    response.end(JSON.stringify({ task: name, stages: [], waitingFor: '' }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return { task: name, address: '127.0.0.1', ports: { health: (server.address() as AddressInfo).port } };
}

test('what a task that is no more part of the pipeline failed with is forgotten', async () => {
  const gone = { task: 'mine.gone.0', address: '127.0.0.1', ports: { health: 1 } };
  const placements = [await task('mine.slow.0', () => 0)];
  const recordOf = (all: readonly object[]) => ({ plan: { placements: all } }) as unknown as PipelineRecord;
  const asker = new TaskAsker(Date.now);
  await asker.ask(recordOf([...placements, gone]), 0);
  expect([...asker.faults().keys()]).toEqual(['mine.gone.0']);
  await asker.ask(recordOf(placements), 0);
  expect([...asker.faults().keys()]).toEqual([]);
});

test('a look that needs pages has them of a task that takes longer than other looks wait', async () => {
  let slowMs = 0;
  const placements = [await task('mine.slow.0', () => slowMs), await task('mine.dead.0', () => 'hangs')];
  const record = { plan: { placements } } as unknown as PipelineRecord;
  let clock = 0;
  const asker = new TaskAsker(() => ++clock);
  await asker.ask(record, 0);
  slowMs = 1200;
  const before = clock;
  await asker.ask(record, 0, true);
  const [answer, ...others] = asker.answers();
  expect(answer).toMatchObject({ task: 'mine.slow.0' });
  expect(answer!.askedMs).toBeGreaterThan(before);
  expect(others).toEqual([]);
});
