/** A broker, a store and one flow between them, in the process that runs it in a pipeline. */
import type { NodeTaskConfig } from '../../../platform/connectors/config.ts';
import { deadLetterHeaders } from '../../../platform/connectors/kafka/deadLetter.ts';
import type { BlueprintInput } from '../../../platform/model/blueprint.ts';
import { physical } from '../../../platform/model/names.ts';
import { FlowHost } from '../../fixtures/flowHost.ts';
import type { KafkaServer, TestServer } from '../../fixtures/servers.ts';
import { type Fault, partitions, type SentRecord, visitSchema } from './flowRecords.ts';
import { clientOf, produce, readTopic } from './readTopic.ts';

export const pipeline = 'shop';

type Flows = NonNullable<BlueprintInput['flows']>;

/** A kind of sink with its server. Names tell the flows of one server apart. */
export interface Store {
  readonly server: Pick<TestServer<unknown>, 'kill' | 'start' | 'hang' | 'resume' | 'remove'>;
  readonly access: Pick<NodeTaskConfig, 'cassandra' | 'redis'>;
  readonly tables?: (name: string) => BlueprintInput['tables'];
  to(name: string): Flows[string]['to'];
  /** Makes what the flow writes to; `small`: what it holds is bounded so that `refused` is refused. */
  make?(name: string, small: boolean): Promise<unknown>;
  /** How often each event is in the store. */
  stored(name: string): Promise<Map<string, number>>;
  /** What the store refuses for good; undefined: nothing that the decoder lets through. */
  readonly refused?: (i: number) => Fault;
  /** A log keeps what is written twice. */
  readonly keepsRepeats?: boolean;
  /** Another process than the real host, and what its configuration has besides. */
  readonly entry?: string;
  readonly extra?: (name: string) => object;
}

export interface DeadLetter {
  readonly reason: string;
  /** `topic/partition/offset` of the record that it was. */
  readonly origin: string;
  readonly flow: string;
  readonly detail: string;
}

export class FlowRoom {
  readonly name: string;
  readonly #kafka: KafkaServer;
  readonly #store: Store;
  readonly #healthPort: number;
  #host: FlowHost | undefined;

  constructor(name: string, kafka: KafkaServer, store: Store, healthPort: number) {
    this.name = name;
    this.#kafka = kafka;
    this.#store = store;
    this.#healthPort = healthPort;
  }

  async make(small = false): Promise<void> {
    await this.#kafka.makeTopics([this.name], partitions);
    await this.#store.make?.(this.name, small);
  }

  get host(): FlowHost {
    if (this.#host === undefined) throw new Error('the flow was not started');
    return this.#host;
  }

  /** Resolves when records can flow. */
  async start(): Promise<void> {
    const { name } = this;
    const store = this.#store;
    this.#host = new FlowHost({
      pipeline,
      healthPort: this.#healthPort,
      topics: { [name]: { schema: visitSchema, partitions } },
      tables: store.tables?.(name) ?? {},
      flows: { [name]: { from: { kind: 'kafka', topic: name }, to: store.to(name) } },
      access: { kafka: this.#kafka.access, ...store.access },
      ...(store.entry === undefined ? {} : { entry: store.entry }),
      ...(store.extra === undefined ? {} : { extra: store.extra(name) }),
    });
    await this.until(({ state }) => state.phase === 'flowing');
  }

  readonly until = (wanted: Parameters<FlowHost['until']>[1]) => this.host.until(this.name, wanted);

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#host?.end(signal);
    this.#host = undefined;
  }

  async send(records: readonly SentRecord[]): Promise<void> {
    const messages = records.map(({ key, value, headers, partition }) => ({ key, value, headers, partition }));
    await produce(this.#kafka.access, physical.topic(pipeline, this.name), messages);
  }

  /** Offsets that the flow's group has committed, by partition; 0: none. */
  async committed(): Promise<number[]> {
    const { access, server } = this.#kafka;
    const password = server.room.access.secret('admin');
    const admin = clientOf({ ...access, username: 'admin', password }).admin();
    await admin.connect();
    try {
      const groupId = physical.consumerGroup(pipeline, this.name);
      const [found] = await admin.fetchOffsets({ groupId, topics: [physical.topic(pipeline, this.name)] });
      const offsets = new Array<number>(partitions).fill(0);
      for (const { partition, offset } of found!.partitions) offsets[partition] = Math.max(0, Number(offset));
      return offsets;
    } finally {
      await admin.disconnect();
    }
  }

  async untilCommitted(count: number): Promise<void> {
    while ((await this.committed()).reduce((sum, offset) => sum + offset, 0) < count) {
      // Throws when the process has ended.
      await this.host.flow(this.name);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  stored(): Promise<Map<string, number>> {
    return this.#store.stored(this.name);
  }

  origin({ partition, offset }: SentRecord): string {
    return `${physical.topic(pipeline, this.name)}/${partition}/${offset}`;
  }

  async deadLetters(): Promise<DeadLetter[]> {
    const messages = await readTopic(this.#kafka.access, physical.deadLetterTopic(pipeline, this.name));
    return messages.map(({ headers }) => {
      const of = (name: keyof typeof deadLetterHeaders) => `${headers?.[deadLetterHeaders[name]]}`;
      const origin = `${of('originTopic')}/${of('originPartition')}/${of('originOffset')}`;
      return { reason: of('reason'), origin, flow: of('flow'), detail: of('detail') };
    });
  }
}
