/** One connection to Kafka for all pipelines that are watched: made when it is needed, given up when it fails. */
import { connectKafkaAdmin, type KafkaAdmin } from '../../frameworks/kafka/admin.ts';
import type { FrameworkRecord } from '../../model/records.ts';
import { probeAccessOf, type ReadSecrets } from './servers.ts';

export interface KafkaLineOptions {
  /** Of Kafka; undefined: it is not installed. */
  readonly record: () => FrameworkRecord | undefined;
  readonly secrets: ReadSecrets;
  readonly now: () => number;
}

const connectAgainMs = 5000;
const answerWithinMs = 8000;

export class KafkaLine {
  readonly #options: KafkaLineOptions;
  #admin: Promise<KafkaAdmin> | undefined;
  #failed: { readonly atMs: number; readonly error: Error } | undefined;

  constructor(options: KafkaLineOptions) {
    this.#options = options;
  }

  /** Rejects when Kafka does not answer in time; then the next call connects anew, at most every five seconds. */
  async ask<T>(work: (admin: KafkaAdmin) => Promise<T>): Promise<T> {
    const admin = this.#connected();
    try {
      return await within(answerWithinMs, admin.then(work));
    } catch (thrown) {
      if (this.#admin === admin) this.#admin = undefined;
      void admin.then((each) => each.close()).catch(() => undefined);
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      this.#failed ??= { atMs: this.#options.now(), error };
      throw error;
    }
  }

  #connected(): Promise<KafkaAdmin> {
    if (this.#admin !== undefined) return this.#admin;
    const { record, secrets, now } = this.#options;
    if (this.#failed !== undefined && now() - this.#failed.atMs < connectAgainMs)
      return Promise.reject(this.#failed.error);
    this.#failed = undefined;
    const kafka = record();
    if (kafka === undefined) return Promise.reject(new Error('Kafka is not installed'));
    this.#admin = connectKafkaAdmin(probeAccessOf(secrets, kafka));
    return this.#admin;
  }

  async close(): Promise<void> {
    const admin = this.#admin;
    this.#admin = undefined;
    await admin?.then((each) => each.close()).catch(() => undefined);
  }
}

export async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
