/**
 * Whether every partition of a send was acknowledged. kafkajs 2.2.4 tries a send again for the brokers that have not answered
 * (producer/sendMessages.js): a partition whose leader has failed, and is led by then by a broker that has answered for others
 * already, is passed over, and the send resolves without it. Its records would be lost though acknowledged; so the partitions
 * that were chosen are compared with those in the answer.
 */
import { type ICustomPartitioner, Partitioners, type RecordMetadata } from 'kafkajs';

/** For one producer. Its sends take turns: kafkajs does not tell for which of several a partition is chosen. */
export class SentPartitions {
  readonly #chosen = new Set<number>();
  #turn: Promise<void> = Promise.resolve();

  /** Hand it to the producer: kafkajs' own choice, remembered. */
  readonly createPartitioner: ICustomPartitioner = () => {
    const choose = Partitioners.DefaultPartitioner();
    return (message) => {
      const partition = choose(message);
      this.#chosen.add(partition);
      return partition;
    };
  };

  /** Rejects where records of a partition were not acknowledged, though the send has resolved. */
  checked(send: () => Promise<readonly RecordMetadata[]>): Promise<void> {
    const sent = this.#turn.then(() => this.#check(send));
    this.#turn = sent.catch(() => undefined);
    return sent;
  }

  async #check(send: () => Promise<readonly RecordMetadata[]>): Promise<void> {
    this.#chosen.clear();
    const answers = await send();
    const answered = new Set(answers.map(({ partition }) => partition));
    const missing = [...this.#chosen].filter((partition) => !answered.has(partition));
    if (missing.length > 0) {
      throw new Error(
        `partitions ${missing.join(', ')} changed their leader during the send and were not acknowledged`,
      );
    }
  }
}
