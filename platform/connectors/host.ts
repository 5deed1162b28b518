/**
 * Entry of a Node task that moves events: `node platform/connectors/host.ts --config FILE`. Role `flows`: all flows of one
 * group, each on its own, so that the trouble of one does not stop the others. Role `ingress`: the HTTP ingress.
 * What only one of them needs is loaded by it alone: the clients of all stores take 0.2 s of CPU.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createSpanRecorder } from '../telemetry/recorder.ts';
import type { StageReport } from '../telemetry/stageMeter.ts';
import { reasonOf } from './backoff.ts';
import type { NodeTaskConfig } from './config.ts';
import type { Log } from './contract.ts';
import type { DatasetFeed } from './dataset/feed.ts';
import type { Flow } from './flow.ts';
import { startHealthServer } from './health.ts';
import { guardLoop } from './loopGuard.ts';

/** What a role gives to its process. */
interface Part {
  /** Undefined when ready. */
  waitingFor(): string | undefined;
  metrics(): Readonly<Record<string, unknown>>;
  stages(sinceMs: number): readonly StageReport[];
  stop(): Promise<void>;
}

/** After this long a drain that hangs is given up; what was not committed is read again. */
const stopWithinMs = 14_000;

const log: Log = (message) => process.stdout.write(`${new Date().toISOString()} ${message}\n`);

async function main(): Promise<void> {
  guardLoop({ log });
  const { values } = parseArgs({ options: { config: { type: 'string' } } });
  if (values.config === undefined) throw new Error('give --config FILE');
  const config = JSON.parse(await readFile(values.config, 'utf8')) as NodeTaskConfig;
  // The health port first: from now on it says what is missing.
  const parts: Part[] = [];
  let stopping = false;
  const waitingFor = () => (parts.length === 0 ? 'its start' : parts.map((part) => part.waitingFor()).find(Boolean));
  const health = await startHealthServer(config, {
    state: () => ({
      ready: !stopping && waitingFor() === undefined,
      waitingFor: stopping ? 'its end' : (waitingFor() ?? ''),
    }),
    metrics: () =>
      Object.assign(
        { memoryMiB: Math.round(process.memoryUsage.rss() / 2 ** 20) },
        ...parts.map((part) => part.metrics()),
      ),
    stages: (sinceMs) => parts.flatMap((part) => part.stages(sinceMs)),
  });
  const stop = async (why: string, exitCode: number) => {
    if (stopping) return;
    stopping = true;
    log(`${why}: brings what is in hand to its end`);
    setTimeout(() => process.exit(1), stopWithinMs).unref();
    await Promise.allSettled(parts.map((part) => part.stop()));
    await health.close();
    log('stopped');
    process.exit(exitCode);
  };
  const giveUp = (reason: string) => void stop(`${reason}; that did not help before, so this process is made anew`, 1);
  process.on('SIGTERM', () => void stop('SIGTERM', 0));
  process.on('SIGINT', () => void stop('SIGINT', 0));
  parts.push(config.role.kind === 'ingress' ? await startIngress(config) : await startFlows(config, giveUp));
  log(`${config.task} of pipeline ${config.pipeline}, revision ${config.revision}, runs`);
}

async function startIngress(config: NodeTaskConfig): Promise<Part> {
  const { startIngressTask } = await import('./http/task.ts');
  const task = await startIngressTask(config, log, process.env);
  return {
    waitingFor: () => {
      const { ready, waitingFor } = task.health();
      return ready ? undefined : waitingFor;
    },
    metrics: () => task.metrics(),
    stages: (sinceMs) => task.stages(sinceMs),
    stop: () => task.stop(),
  };
}

async function startFlows(config: NodeTaskConfig, giveUp: (reason: string) => void): Promise<Part> {
  const { role, pipeline, task, spansDir, spec, dataDir } = config;
  const group = role.kind === 'flows' ? role.group : '';
  const recorder = createSpanRecorder({ service: `${pipeline}.${group}`, instance: task, spansDir, env: process.env });
  const flows = Object.entries(spec.flows).filter(([, flow]) => flow.group === group);
  const runs: Run[] = [];
  let makeFlow: ((name: string) => Flow) | undefined;
  for (const [name, { from }] of flows) {
    if (from.kind === 'kafka') {
      makeFlow ??= (await import('./pipelineFlow.ts')).createFlowMaker(config, { log, recorder, giveUp });
      runs.push(flowRun(makeFlow(name)));
    } else {
      const { createDatasetFeed } = await import('./dataset/feed.ts');
      const feed = createDatasetFeed(config, name, { dataDir, recorder, log, traceRatio: from.traceRatio });
      runs.push(feedRun(name, feed));
    }
  }
  for (const run of runs) run.start();
  return {
    waitingFor: () => runs.flatMap((run) => run.waitingFor() ?? []).join('; ') || undefined,
    metrics: () => ({
      flows: Object.fromEntries(runs.map((run) => [run.name, run.metrics()])),
      spans: recorder.counters,
    }),
    stages: (sinceMs) => runs.flatMap((run) => run.stage?.(sinceMs) ?? []),
    stop: async () => {
      await Promise.allSettled(runs.map((run) => run.stop()));
      await recorder.shutdown();
    },
  };
}

interface Run {
  readonly name: string;
  start(): void;
  stop(): Promise<void>;
  waitingFor(): string | undefined;
  metrics(): Readonly<Record<string, unknown>>;
  /** Undefined: a feed is no stage, its events begin at the ingress. */
  stage?(sinceMs: number): StageReport | undefined;
}

function flowRun(flow: Flow): Run {
  return {
    name: flow.name,
    start: () => flow.start(),
    stop: () => flow.stop(),
    waitingFor: () => {
      const { phase, waitingFor } = flow.state();
      return phase === 'flowing' ? undefined : `${flow.name}: ${waitingFor}`;
    },
    metrics: () => ({ ...flow.counters(), state: flow.state() }),
    stage: (sinceMs) => flow.stage(sinceMs),
  };
}

function feedRun(name: string, feed: DatasetFeed): Run {
  const waitingFor = () => feed.waitingFor();
  return {
    name,
    start: () => feed.start(),
    stop: () => feed.stop(),
    waitingFor: () => (waitingFor() === undefined ? undefined : `${name}: ${waitingFor()}`),
    metrics: () => {
      const phase = waitingFor() === undefined ? 'flowing' : 'waiting';
      return { ...feed.counters, state: { phase, waitingFor: waitingFor() ?? '' } };
    },
  };
}

main().catch((error) => {
  log(`can not start: ${reasonOf(error)}`);
  process.exit(1);
});
