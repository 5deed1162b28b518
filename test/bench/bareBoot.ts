/**
 * The lower bound of a deploy: the same servers, rendered by the same packages, each booted alone on the idle machine as a
 * plain child process, with no agent, no Temporal and no workflow around it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { usageReader } from '../../platform/cluster/process/agent/usage.ts';
import { processTable } from '../../platform/cluster/process/process-table.ts';
import { renderTemporal } from '../../platform/control/tasks.ts';
import { cassandraPackage } from '../../platform/frameworks/cassandra/package.ts';
import type { Artifacts, FrameworkPackage } from '../../platform/frameworks/contract.ts';
import { redisPackage } from '../../platform/frameworks/redis/package.ts';
import { makeRoom } from '../conformance/frameworks/room.ts';
import { end, type RunningTask, start, untilReady } from '../conformance/frameworks/runner.ts';
import { SparkPipeline } from '../conformance/frameworks/sparkPipeline.ts';

export interface BareBoot {
  readonly name: string;
  /** From spawning the process until it answered as ready. */
  readonly readyMs: number;
  /** CPU of the whole process group by then, children included. */
  readonly cpuSeconds: number;
}

const firstPort = 17_800;

/** One entry for each server; `spark` is master, worker, driver and executor with two running jobs, on a Kafka that boots with them. */
export async function bootBare(artifacts: Artifacts): Promise<readonly BareBoot[]> {
  return [
    await bootTemporal(artifacts),
    await bootOne(redisPackage, artifacts),
    await bootOne(cassandraPackage, artifacts),
    ...(await bootSparkOnKafka(artifacts)),
  ];
}

async function bootOne<O>(framework: FrameworkPackage<O>, artifacts: Artifacts): Promise<BareBoot> {
  const room = makeRoom(framework, {}, { artifacts, firstPort });
  const { placement } = room.context(0);
  const startMs = performance.now();
  const task = start(framework.render(room.context(0)), room.root);
  try {
    await untilReady(framework, room.access, placement, task);
    return { name: framework.name, readyMs: performance.now() - startMs, cpuSeconds: cpuOf(task) };
  } finally {
    await end(task);
    rmSync(room.root, { recursive: true, force: true });
  }
}

async function bootTemporal(artifacts: Artifacts): Promise<BareBoot> {
  const root = mkdtempSync(join(tmpdir(), 'bench-temporal-'));
  const ports = { temporal: firstPort, ui: firstPort + 1, http: firstPort + 2, metrics: firstPort + 3 };
  const startMs = performance.now();
  const task = start(renderTemporal('node-0', ports, artifacts), root);
  try {
    await untilConnected(`127.0.0.1:${ports.temporal}`);
    return { name: 'temporal', readyMs: performance.now() - startMs, cpuSeconds: cpuOf(task) };
  } finally {
    await end(task);
    rmSync(root, { recursive: true, force: true });
  }
}

async function untilConnected(address: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: '2s' });
      return await connection.close();
    } catch (error) {
      if (tries === 600) throw error;
      await sleep(50);
    }
  }
}

async function bootSparkOnKafka(artifacts: Artifacts): Promise<BareBoot[]> {
  const pipeline = new SparkPipeline(artifacts, firstPort);
  const startMs = performance.now();
  try {
    await pipeline.start();
    const readyMs = performance.now() - startMs;
    const entry = (name: string, parts: readonly string[]): BareBoot => ({
      name,
      readyMs,
      cpuSeconds: parts.reduce((sum, part) => sum + cpuOf(pipeline.task(part)), 0),
    });
    return [entry('kafka', ['kafka']), entry('spark', ['master', 'worker', 'driver'])];
  } finally {
    await pipeline.stop();
  }
}

function cpuOf(task: RunningTask): number {
  return usageReader(processTable())(task.process.pid)?.cpuSeconds ?? 0;
}
