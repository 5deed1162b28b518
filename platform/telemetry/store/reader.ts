/** Asks the reading thread, which is started with the first question. */
import { Worker } from 'node:worker_threads';
import { MillraceError } from '../../errors.ts';
import type { ErrorData, FromReader, ThreadOptions, ToReader } from './messages.ts';
import type { Queries } from './readerThread.ts';

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

export class StoreReader {
  readonly #options: ThreadOptions;
  readonly #waiting = new Map<number, Waiting>();
  #thread: Worker | undefined;
  #asked = 0;
  #closed = false;

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  ask<K extends keyof Queries>(query: K, ...given: Parameters<Queries[K]>): Promise<ReturnType<Queries[K]>> {
    if (this.#closed) return Promise.reject(new Error('The telemetry store is closed.'));
    this.#thread ??= this.#start();
    this.#asked += 1;
    const message: ToReader = { id: this.#asked, query, arguments: given };
    return new Promise((resolve, reject) => {
      this.#waiting.set(message.id, { resolve: resolve as Waiting['resolve'], reject });
      this.#thread!.ref();
      this.#thread!.postMessage(message);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#thread?.terminate();
    this.#end(new Error('The telemetry store is closed.'));
  }

  #start(): Worker {
    const thread = new Worker(new URL('./readerThread.ts', import.meta.url), { workerData: this.#options });
    thread.on('message', ({ id, answer, error }: FromReader) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) thread.unref();
      if (error === undefined) waiting?.resolve(answer);
      else waiting?.reject(errorOf(error));
    });
    // The next question starts another; what one that is over still says is not about that one.
    const end = (error: Error) => {
      if (this.#thread === thread) this.#end(error);
    };
    thread.on('error', (error) => end(error as Error));
    thread.on('exit', () => end(new Error('The reading thread of the telemetry store has ended.')));
    return thread;
  }

  #end(error: Error): void {
    this.#thread = undefined;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

export function errorOf(error: ErrorData): Error {
  return error.code === null ? new Error(error.message) : new MillraceError(error.code, error.details);
}
