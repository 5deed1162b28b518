/** A pipeline on a real Kafka and a real Spark: topics, two jobs, and what comes out of them. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, type Consumer, Kafka, logLevel, type Producer } from 'kafkajs';
import type { Artifacts } from '../../../platform/frameworks/contract.ts';
import { kafkaAccess, kafkaAdminUser } from '../../../platform/frameworks/kafka/access.ts';
import { connectKafkaAdmin } from '../../../platform/frameworks/kafka/admin.ts';
import { kafkaPackage } from '../../../platform/frameworks/kafka/package.ts';
import type { KafkaOptions } from '../../../platform/frameworks/kafka/spec.ts';
import { renderSparkDriver, sparkDriverDemand } from '../../../platform/frameworks/spark/driver-task.ts';
import { sparkPackage } from '../../../platform/frameworks/spark/package.ts';
import { sampleOf, sampleTopics } from '../../../platform/frameworks/spark/sample.ts';
import type { SparkOptions } from '../../../platform/frameworks/spark/spec.ts';
import type { BlueprintSpec } from '../../../platform/model/blueprint.ts';
import { planCheckpoints } from '../../../platform/plan/checkpoints.ts';
import { type StandingPipeline, standingOf } from '../../../platform/plan/standing.ts';
import type { Sabotage } from '../../../platform/telemetry/sabotage.ts';
import type { StageReport } from '../../../platform/telemetry/stageMeter.ts';
import { makeRoom, type Room } from './room.ts';
import { end, type RunningTask, start, untilReady } from './runner.ts';

export interface Out {
  readonly key: string;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** Planned, as a deploy does it: the sample itself only names places. */
function firstRevision() {
  const { spec, sql } = sampleOf();
  return { spec, sql, checkpoints: planCheckpoints(spec, sql, standingOf(undefined)) };
}

export interface QueryHealth {
  readonly job: string;
  readonly state: string;
  /** Since the driver started. */
  readonly inputRows: number;
  readonly skippedRecords: number;
}

/** `master` and `worker` are the tasks of Spark's first and second placement. */
export class SparkPipeline {
  readonly kafka: Room<KafkaOptions>;
  readonly spark: Room<SparkOptions>;
  readonly tasks = new Map<string, RunningTask>();
  readonly out = new Map<string, Out[]>(sampleTopics.map((topic) => [topic, []]));
  readonly firstPort: number;
  /** Of the drivers that are launched from now on. */
  sabotage: Sabotage | undefined;
  private revision: Pick<ReturnType<typeof sampleOf>, 'spec' | 'sql' | 'checkpoints'> = firstRevision();
  private client: Kafka | undefined;
  private producer: Producer | undefined;
  private consumer: Consumer | undefined;

  constructor(artifacts: Artifacts, firstPort: number) {
    this.firstPort = firstPort;
    this.kafka = makeRoom(kafkaPackage, {}, { artifacts, firstPort });
    this.spark = makeRoom(sparkPackage, {}, { artifacts, firstPort: firstPort + 2 });
  }

  /** Everything at once, as a deploy does it; resolves when both jobs run and this test listens. */
  async start(): Promise<void> {
    for (const part of ['kafka', 'master', 'worker', 'driver'] as const) this.launch(part);
    await untilReady(kafkaPackage, this.kafka.access, this.kafka.context(0).placement, this.task('kafka'));
    await this.makeTopics();
    await this.listen();
    await this.untilReady();
  }

  launch(part: 'kafka' | 'master' | 'worker' | 'driver'): RunningTask {
    const task = this.startTask(part);
    this.tasks.set(part, task);
    return task;
  }

  /** Launches the driver of another revision, from what the plan says that it takes over of the one before. */
  launchRevision(spec: BlueprintSpec, sql: Readonly<Record<string, string>>): RunningTask {
    const before = { pipeline: 'sample', ...this.revision };
    const standing = { plan: before, ended: [], endedIsCounted: false } as unknown as StandingPipeline;
    this.revision = { spec, sql, checkpoints: planCheckpoints(spec, sql, standing) };
    return this.launch('driver');
  }

  /** Names of the driver's checkpoint directories. */
  checkpoints(): string[] {
    return readdirSync(join(this.task('driver').directory, 'data', 'checkpoints')).toSorted();
  }

  private startTask(part: 'kafka' | 'master' | 'worker' | 'driver'): RunningTask {
    if (part === 'kafka') return start(kafkaPackage.render(this.kafka.context(0)), this.kafka.root);
    if (part === 'driver') return start(this.driver(this.revision.sql), this.spark.root);
    return start(sparkPackage.render(this.spark.context(part === 'master' ? 0 : 1)), this.spark.root);
  }

  task(part: string): RunningTask {
    return this.tasks.get(part)!;
  }

  driver(sql: Readonly<Record<string, string>>) {
    const demand = sparkDriverDemand('sample', this.spark.access.options);
    const ports = Object.fromEntries(demand.ports.map((name, at) => [name, this.firstPort + 10 + at]));
    const placement = { task: demand.task, node: 'node-0', address: '127.0.0.1', ports, demand };
    return renderSparkDriver({
      ...sampleOf(),
      ...this.revision,
      sql,
      revision: 1,
      placement,
      spark: this.spark.access,
      kafka: this.login(),
      ...(this.sabotage === undefined ? {} : { sabotage: this.sabotage }),
    });
  }

  /** Of each job. */
  async stages(): Promise<readonly StageReport[]> {
    const response = await fetch(`http://127.0.0.1:${this.firstPort + 10}/stages.json`);
    return ((await response.json()) as { stages: StageReport[] }).stages;
  }

  /** Both jobs run. Throws when the driver has ended, or after five minutes. */
  async untilReady(): Promise<void> {
    let waitingFor = '';
    for (let tries = 0; tries < 1500; tries++) {
      const health = await this.health();
      if (health?.ready) return;
      waitingFor = health?.waitingFor ?? 'the health port';
      if (this.task('driver').process.exitCode !== null) throw new Error(`the driver has ended:\n${this.logTail()}`);
      await sleep(200);
    }
    throw new Error(`the driver is not ready, waiting for ${waitingFor}`);
  }

  async health(): Promise<{ ready: boolean; waitingFor: string; queries: QueryHealth[] } | undefined> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.firstPort + 10}/healthz`);
      return (await response.json()) as Awaited<ReturnType<SparkPipeline['health']>>;
    } catch {
      return undefined;
    }
  }

  async send(
    messages: readonly { key?: string; value: string | null; headers?: Record<string, string> }[],
    topic = 'sample.readings',
  ): Promise<void> {
    // A producer gives up at once while its only broker is down; what it sends twice carries the same ids.
    for (let tries = 0; ; tries++) {
      try {
        await this.producer!.send({ topic, acks: -1, messages: [...messages] });
        return;
      } catch (error) {
        if (tries === 200) throw error;
        await sleep(300);
      }
    }
  }

  /** Deletes every record of the input topic, as its retention would. */
  async deleteRecords(): Promise<void> {
    await this.administer(async (admin) => {
      const ends = await admin.fetchTopicOffsets('sample.readings');
      const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }));
      await admin.deleteTopicRecords({ topic: 'sample.readings', partitions });
    });
  }

  async administer(work: (admin: Admin) => Promise<void>): Promise<void> {
    const admin = this.client!.admin();
    await admin.connect();
    await work(admin).finally(() => admin.disconnect());
  }

  /** Resolves when `condition` holds; throws after five minutes with what there is. */
  async until(what: string, condition: () => boolean): Promise<void> {
    for (let tries = 0; tries < 3000; tries++) {
      if (condition()) return;
      await sleep(100);
    }
    const counts = [...this.out].map(([topic, records]) => `${topic}: ${records.length}`).join(', ');
    throw new Error(`waited in vain for ${what}; ${counts}\n${this.logTail()}`);
  }

  private logTail(): string {
    const lines = readFileSync(this.task('driver').logFile, 'utf8').split('\n');
    return lines
      .filter((line) => !/^\s+at /.test(line))
      .slice(-40)
      .join('\n');
  }

  async stop(): Promise<void> {
    await this.consumer?.disconnect();
    await this.producer?.disconnect();
    for (const part of ['driver', 'worker', 'master', 'kafka']) if (this.tasks.has(part)) await end(this.task(part));
    for (const { root } of [this.kafka, this.spark]) rmSync(root, { recursive: true, force: true });
  }

  private login() {
    return kafkaAccess(this.kafka.access, kafkaAdminUser, this.kafka.access.secret('admin'));
  }

  private async makeTopics(): Promise<void> {
    const admin = await connectKafkaAdmin(this.kafka.access);
    await admin.ensureTopics(sampleTopics.map((name) => ({ name, partitions: 2, replicationFactor: 1, config: {} })));
    await admin.close();
  }

  private async listen(): Promise<void> {
    const { brokers, username, password, mechanism } = this.login();
    const client = new Kafka({
      brokers: [...brokers],
      sasl: { mechanism, username, password },
      logLevel: logLevel.NOTHING,
    });
    this.client = client;
    this.producer = client.producer({ allowAutoTopicCreation: false });
    await this.producer.connect();
    this.consumer = client.consumer({ groupId: 'reader', maxWaitTimeInMs: 100, retry: { retries: 30 } });
    await this.consumer.connect();
    await this.consumer.subscribe({
      topics: sampleTopics.filter((topic) => topic !== 'sample.readings'),
      fromBeginning: true,
    });
    await this.consumer.run({
      eachMessage: async ({ topic, message }) => {
        const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]);
        this.out.get(topic)!.push({
          key: String(message.key),
          value: message.value?.toString() ?? null,
          headers: Object.fromEntries(headers),
        });
      },
    });
  }
}
