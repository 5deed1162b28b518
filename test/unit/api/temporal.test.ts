/** The way to the workflows, over a Temporal that is told what to answer: what one request runs into, another does not feel. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createWorkflows } from '../../../platform/api/temporal.ts';
import type { ControlPlane } from '../../../platform/control/start.ts';
import { type Home, homeAt } from '../../../platform/home.ts';
import { createSpanRecorder, type SpanRecorder } from '../../../platform/telemetry/recorder.ts';

let home: Home;
let recorder: SpanRecorder;
beforeEach(() => {
  home = homeAt(mkdtempSync(join(tmpdir(), 'millrace-temporal-')));
  recorder = createSpanRecorder({ service: 's', instance: 'i', spansDir: home.spansDir, env: {} });
});
afterEach(async () => {
  // What it still wrote later would make the directory again.
  await recorder.shutdown();
  rmSync(home.root, { recursive: true, force: true });
});

const log: string[] = [];
const phase = { now: 'running' };
/** As @grpc/grpc-js throws it. */
const unavailable = () =>
  Object.assign(new Error('14 UNAVAILABLE: gone'), { code: 14, details: 'gone', metadata: {}, name: 'Error' });

function workflows(answer: (id: string) => Promise<unknown>) {
  log.splice(0);
  phase.now = 'running';
  let count = 0;
  const connect = async () => {
    const name = `plane ${++count}`;
    log.push(`${name} opens`);
    return {
      driver: { status: async () => ({ phase: phase.now }) },
      client: {
        withDeadline: (_deadline: number, work: () => Promise<unknown>) => work(),
        workflow: {
          startUpdateWithStart: (_update: unknown, { updateId }: { updateId: string }) => answer(updateId),
          getHandle: () => ({ signal: (_signal: unknown, id: string) => answer(id) }),
        },
      },
      close: async () => void log.push(`${name} closes`),
    } as unknown as ControlPlane;
  };
  return createWorkflows(home, recorder, connect);
}
const stop = (id: string) => ({ id, pipeline: 'a', change: 'stop', requestedAtMs: 0 }) as const;

test('a request that fails leaves the connection to another that waits', async () => {
  let accept = () => {};
  const slow = new Promise<void>((resolve) => {
    accept = resolve;
  });
  const { handOver, close } = workflows((id) => (id === 'slow' ? slow : Promise.reject(new Error('refused'))));
  const waiting = handOver('change', 'stop', 'a', stop('slow'));
  await expect(handOver('change', 'stop', 'a', stop('other'))).rejects.toThrow('refused');
  expect(log).toEqual(['plane 1 opens']);
  accept();
  expect(await waiting).toEqual({ operation: 'slow' });
  expect(log).toEqual(['plane 1 opens', 'plane 1 closes']);
  await close();
  expect(log).toHaveLength(2);
});

test('one connection serves all, and is closed in the end', async () => {
  const { handOver, cancel, close } = workflows(async () => undefined);
  await handOver('change', 'stop', 'a', stop('one'));
  await cancel('a', 'one');
  expect(log).toEqual(['plane 1 opens']);
  await close();
  expect(log).toEqual(['plane 1 opens', 'plane 1 closes']);
});

test('a control plane that went away is named, by whoever asks for something; the next one connects anew', async () => {
  let isGone = true;
  const { handOver, cancel, close } = workflows(async () => {
    if (isGone) throw unavailable();
  });
  const down = expect.objectContaining({ code: 'CONTROL_PLANE_DOWN' });
  await expect(cancel('a', 'one')).rejects.toEqual(down);
  await expect(handOver('change', 'stop', 'a', stop('one'))).rejects.toEqual(down);
  isGone = false;
  phase.now = 'backoff';
  await expect(cancel('a', 'one')).rejects.toEqual(down);
  phase.now = 'running';
  await cancel('a', 'one');
  await close();
  expect(log.filter((line) => line.endsWith('opens'))).toHaveLength(4);
  expect(log.filter((line) => line.endsWith('closes'))).toHaveLength(4);
});
