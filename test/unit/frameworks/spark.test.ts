import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Artifacts, FrameworkAccess } from '../../../platform/frameworks/contract.ts';
import {
  renderSparkDriver,
  type SparkDriverContext,
  sparkDriverDemand,
} from '../../../platform/frameworks/spark/driver-task.ts';
import { sparkPackage } from '../../../platform/frameworks/spark/package.ts';
import { sparkSlots } from '../../../platform/frameworks/spark/room.ts';
import type { RunnerConfig } from '../../../platform/frameworks/spark/runner-config.ts';
import { sampleOf } from '../../../platform/frameworks/spark/sample.ts';
import type { SparkOptions } from '../../../platform/frameworks/spark/spec.ts';
import { withParameters } from '../../../platform/frameworks/spark/sql.ts';
import { blueprintSpec } from '../../../platform/model/blueprint.ts';
import { planCheckpoints } from '../../../platform/plan/checkpoints.ts';
import { standingOf } from '../../../platform/plan/standing.ts';

const artifacts = {
  java: '/j/bin/java',
  sparkLib: '/s/jars',
  javaClasses: { spark: '/c/spark.jar' },
  classDataArchive: () => '/a/spark.jsa',
} as unknown as Artifacts;

function accessOf(options: unknown): FrameworkAccess<SparkOptions> {
  const parsed = sparkPackage.options.parse(options);
  const placements = sparkPackage.demands(parsed).map((demand, at) => ({
    task: demand.task,
    node: 'node-0',
    address: '127.0.0.1',
    ports: { rpc: 7000 + 2 * at, web: 7001 + 2 * at },
    demand,
  }));
  return { options: parsed, placements, identity: 'it', artifacts, secret: (name) => `secret-of-${name}` };
}

function driverOf(
  options: unknown = {},
  change: Partial<Omit<SparkDriverContext, 'spark' | 'kafka' | 'placement'>> = {},
) {
  const spark = accessOf(options);
  const demand = sparkDriverDemand('sample', spark.options);
  const ports = { health: 8000, driver: 8001, blocks: 8002 };
  const placement = { task: demand.task, node: 'node-0', address: '127.0.0.1', ports, demand };
  const kafka = {
    brokers: ['b:1'],
    clusterId: 'c',
    username: 'u',
    password: 'secret-of-kafka',
    mechanism: 'scram-sha-512' as const,
  };
  const spec = renderSparkDriver({ ...sampleOf(), revision: 1, placement, spark, kafka, ...change });
  const config = JSON.parse(spec.files.find(({ path }) => path === 'conf/runner.json')!.content) as RunnerConfig;
  return { spec, config };
}

it('a job is broken on purpose only where the deploy asked for it', () => {
  const sabotage = { action: 'drop', stage: 'high', event: 7 } as const;
  expect(driverOf().config.sabotage).toBeUndefined();
  expect(driverOf({}, { sabotage }).config.sabotage).toEqual(sabotage);
});

describe('SQL parameters', () => {
  const fill = (sql: string, value: number | string | boolean) => withParameters(sql, { value }, 'b');

  it('become literals of their type', () => {
    expect(fill(`x >= \${value}`, 60)).toBe('x >= 60');
    expect(fill(`x -\${value}`, -1)).toBe('x -(-1)');
    expect(fill(`\${value}`, 1.5e-7)).toBe('1.5e-7D');
    expect(fill(`\${value}`, true)).toBe('true');
    expect(fill(`\${value}`, "O'Hare \\ x")).toBe("'O\\'Hare \\\\ x'");
  });
  it('refuse a name that the blueprint does not have', () => {
    for (const name of ['other', 'constructor', '']) {
      expect(() => fill(`\${${name}}`, 1)).toThrow(expect.objectContaining({ code: 'UNKNOWN_PARAMETER' }));
    }
  });
  it('never let a text end its own literal', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const literal = fill(`\${value}`, text);
        expect(literal.slice(1, -1)).toMatch(/^(?:[^'\\\n\r]|\\.)*$/s);
        const read = literal.slice(1, -1).replace(/\\(.)/gs, (_, each: string) => ({ n: '\n', r: '\r' })[each] ?? each);
        expect(read).toBe(text);
      }),
    );
  });
});

describe('spark package', () => {
  it('keeps every secret out of argv and environment, and in files of mode 0600', () => {
    const { placements, ...rest } = accessOf({ workers: 2 });
    const specs = placements.map((placement) => sparkPackage.render({ placements, ...rest, placement }));
    for (const spec of [...specs, driverOf().spec]) {
      expect(JSON.stringify([spec.argv, spec.env])).not.toContain('secret-of-');
      for (const { content, mode } of spec.files) if (content.includes('secret-of-')) expect(mode).toBe(0o600);
    }
  });
  it('starts all tasks at once', () => {
    const steps = sparkPackage.phases(sparkPackage.options.parse({ workers: 3 })).flatMap(({ steps }) => steps);
    expect(steps.filter(({ kind }) => kind === 'task.launch').every(({ after }) => after.length === 0)).toBe(true);
    expect(steps).toHaveLength(8);
  });
  it('gives all processes one class path, our jar first', () => {
    const { placements, ...rest } = accessOf({});
    const classPathOf = (content: string) => content.split('\n').find((line) => line.includes('spark-core'));
    const specs = [
      ...placements.map((placement) => sparkPackage.render({ placements, ...rest, placement })),
      driverOf().spec,
    ];
    const argumentFiles = specs.flatMap(({ files }) => files.filter(({ path }) => path.endsWith('.args')));
    expect(argumentFiles).toHaveLength(4);
    expect(new Set(argumentFiles.map(({ content }) => classPathOf(content))).size).toBe(1);
    expect(classPathOf(argumentFiles[0]!.content)).toMatch(/^"\/c\/spark\.jar:/);
  });
});

describe('spark driver', () => {
  it('holds a slot for each partition that a real-time job reads', () => {
    expect(sparkSlots(sampleOf().spec)).toBe(4);
    expect(driverOf().config.sparkProperties).toMatchObject({ 'spark.executor.cores': '4', 'spark.cores.max': '4' });
    const split = driverOf({ workers: 2, workerCores: 3 }).config.sparkProperties;
    expect(split).toMatchObject({ 'spark.executor.cores': '2', 'spark.cores.max': '4' });
  });
  it('refuses workers with too few slots', () => {
    expect(() => driverOf({ workerCores: 2, workerMemoryMiB: 256 })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS' }),
    );
  });
  it('renders jobs with physical topics, resolved SQL and references', () => {
    const { spec, config } = driverOf();
    expect(spec.id).toBe('sample.spark-driver.0');
    const [high, means] = config.jobs;
    expect(high).toMatchObject({
      mode: 'realtime',
      deadLetters: true,
      input: { topic: 'sample.readings', deadLetterTopic: 'sample.readings.dead' },
    });
    expect(high!.sql).toContain('value >= 10');
    expect(means).toMatchObject({
      deadLetters: false,
      deduplicate: true,
      watermarkMs: 60_000,
      output: { topic: 'sample.means', key: 'place' },
    });
    expect(means!.checkpoint).toMatchObject({
      directory: '{dataDir}/checkpoints/means.1',
      keep: ['{dataDir}/checkpoints/means.1'],
      stateful: true,
    });
    expect(means!.references[0]!.file).toBe('{taskDir}/references/places.jsonl');
    expect(spec.files.find(({ path }) => path === 'references/places.jsonl')!.content).toContain('Here');
  });
  it('lets exactly one job of a topic write its dead letters', () => {
    const { spec } = sampleOf();
    const { means } = spec.jobs;
    const both = blueprintSpec.parse({ ...spec, jobs: { first: means, second: means } });
    const sql = { first: 'x', second: 'x' };
    const checkpoints = planCheckpoints(both, sql, standingOf(undefined));
    const { config } = driverOf({}, { spec: both, sql, checkpoints });
    expect(config.jobs.map(({ deadLetters }) => deadLetters)).toEqual([true, false]);
    // Neither is a real-time job, which would write them in passing: a query of its own does.
    expect(config.jobs.map((job) => job.deadLetterCheckpoint?.query)).toEqual(['readings.dead', undefined]);
  });
});
