/**
 * How a worker's connections stand. BullMQ 6.7 tells `ready` once in a worker's life, and `error` whenever an attempt to connect
 * again fails: after the first loss its events alone would say for ever that it waits. So its connections are asked.
 */
import type { Worker } from 'bullmq';
import { reasonOf } from '../backoff.ts';

export interface WorkerStanding {
  /** It could not be opened, or told an error of its own. */
  trouble(error: unknown): void;
  /** Resolves once the worker is ready; from then on its two connections tell. */
  follow(worker: Pick<Worker, 'waitUntilReady' | 'getBackend'>): Promise<void>;
  /** Undefined while both connections are there. */
  waitingFor(): string | undefined;
}

/** `server`: as it is called to the user. */
export function createWorkerStanding(server: string): WorkerStanding {
  let clients: readonly { readonly status: string }[] = [];
  let reason = 'not connected yet';
  return {
    trouble(error) {
      reason = reasonOf(error);
    },
    async follow(worker) {
      await worker.waitUntilReady();
      const { client, blockingClient } = worker.getBackend();
      clients = await Promise.all([client, blockingClient ?? client]);
      reason = 'the connection is lost';
    },
    waitingFor() {
      const isUp = clients.length > 0 && clients.every(({ status }) => status === 'ready');
      return isUp ? undefined : `${server}: ${reason}`;
    },
  };
}
