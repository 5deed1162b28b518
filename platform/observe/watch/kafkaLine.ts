/** One connection to Kafka for all pipelines that are watched: made when it is needed, given up when it fails. */
import { MillraceError } from '../../errors.ts';
import { connectKafkaAdmin, type KafkaAdmin } from '../../frameworks/kafka/admin.ts';
import type { FrameworkRecord } from '../../model/records.ts';
import { probeAccessOf, type ReadSecrets } from './servers.ts';

export interface KafkaLineOptions {
  /** Of Kafka; undefined: it is not installed. */
  readonly record: () => FrameworkRecord | undefined;
  readonly secrets: ReadSecrets;
  readonly now: () => number;
  /** As a rule, over the network. */
  readonly connect?: typeof connectKafkaAdmin;
}

const connectAgainMs = 5000;
const answerWithinMs = 8000;

/** One login, and how many wait for an answer of it. */
interface Connection {
  readonly admin: Promise<KafkaAdmin>;
  askers: number;
}

export class KafkaLine {
  readonly #options: KafkaLineOptions;
  #connection: Connection | undefined;
  /** That Kafka could not be connected to. What it answered a question with is the asker's alone. */
  #failed: { readonly atMs: number; readonly error: Error } | undefined;

  constructor(options: KafkaLineOptions) {
    this.#options = options;
  }

  /**
   * Rejects when Kafka does not answer in time, or refuses. Who asks next connects anew, at most every five seconds where that
   * fails; others who wait for an answer of this connection keep it until they have it.
   */
  async ask<T>(work: (admin: KafkaAdmin) => Promise<T>): Promise<T> {
    const connection = this.#connected();
    connection.askers++;
    const { admin } = connection;
    try {
      return await within(answerWithinMs, admin.then(work));
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (!isAnswer(error)) this.#giveUp(connection);
      throw error;
    } finally {
      connection.askers--;
      this.#closeIfDone(connection);
    }
  }

  #connected(): Connection {
    if (this.#connection !== undefined) return this.#connection;
    const { record, secrets, now, connect = connectKafkaAdmin } = this.#options;
    // Also after a clock that was set back.
    if (this.#failed !== undefined && Math.abs(now() - this.#failed.atMs) < connectAgainMs) throw this.#failed.error;
    this.#failed = undefined;
    const kafka = record();
    if (kafka === undefined) throw new Error('Kafka is not installed');
    const connection = { admin: connect(probeAccessOf(secrets, kafka)), askers: 0 };
    connection.admin.catch((error: Error) => {
      this.#failed = { atMs: now(), error };
      this.#giveUp(connection);
    });
    this.#connection = connection;
    return connection;
  }

  #giveUp(connection: Connection): void {
    if (this.#connection === connection) this.#connection = undefined;
  }

  #closeIfDone(connection: Connection): void {
    if (this.#connection === connection || connection.askers > 0) return;
    void connection.admin.then((each) => each.close()).catch(() => undefined);
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.admin.then((each) => each.close()).catch(() => undefined);
  }
}

/** Kafka is there, and has said no: to this question. */
function isAnswer(error: Error): boolean {
  return error instanceof MillraceError && error.code === 'SERVER_REFUSED';
}

export async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
