/**
 * Ends the fetch loops of a kafkajs 2.2.4 consumer for good. While brokers go or come, kafkajs exchanges its fetchers, and waits
 * for the old ones first. A consumer that is stopped in this time makes new ones nevertheless (consumer/fetchManager.js, `start`):
 * nobody stops those, and each asks a runner that has ended, which answers at once (consumer/runner.js, `fetch`), over and over,
 * without a turn for any timer or socket. So the whole process hangs, at full CPU, with all its flows.
 *
 * Each fetcher asks the cluster for its brokers before each fetch. That is where it is ended.
 */
import type { Kafka } from 'kafkajs';
import { changeClusters } from './clusters.ts';

/** Call it before `kafka.consumer()`, and what it gives before `consumer.disconnect()`: from then on nothing is fetched. */
export function endableFetchLoops(kafka: Kafka): () => void {
  let ended = false;
  changeClusters(kafka, (cluster) => {
    const getNodeIds = cluster.getNodeIds.bind(cluster);
    cluster.getNodeIds = () => {
      if (ended) throw new Error('this consumer has ended');
      return getNodeIds();
    };
  });
  return () => {
    ended = true;
  };
}
