/** The writing thread of the store (writer.ts). Batches go before span files, span files before what is old. */
import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { MillraceError } from '../../errors.ts';
import type { ErrorData, FromWriter, ThreadOptions, ToWriter } from './messages.ts';
import { StoreWriter } from './writer.ts';

const lookEveryMs = 500;
/** Where nothing has changed for a while. */
const lookSlowlyMs = 2000;
const removeEveryMs = 30_000;
const rememberEveryMs = 600_000;
const troubleEveryMs = 60_000;

const port = parentPort!;
const say = (message: FromWriter) => port.postMessage(message);
let saidTroubleMs = 0;

function open(): StoreWriter | undefined {
  try {
    return new StoreWriter(workerData as ThreadOptions, (text) => {
      if (Math.abs(Date.now() - saidTroubleMs) < troubleEveryMs) return;
      saidTroubleMs = Date.now();
      say({ kind: 'trouble', text });
    });
  } catch (thrown) {
    say({ kind: 'refused', error: errorData(thrown) });
    return undefined;
  }
}

function errorData(thrown: unknown): ErrorData {
  return thrown instanceof MillraceError
    ? { code: thrown.code, details: thrown.details }
    : { code: null, message: (thrown as Error).message };
}

/** Everything the thread does by itself. One job at a time: `#looking` is the look at the files that is under way. */
class Thread {
  readonly #writer: StoreWriter;
  #looking: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #removing = false;
  #closed = false;
  #quietLooks = 0;

  constructor(writer: StoreWriter) {
    this.#writer = writer;
    setInterval(() => void this.#removeOld(false), removeEveryMs).unref();
    setInterval(() => this.#closed || this.#writer.rememberFiles(Date.now()), rememberEveryMs).unref();
    port.on('message', (message: ToWriter) => void this.#take(message));
    say({ kind: 'ready', stats: writer.stats() });
    void this.#removeOld(false);
  }

  async #take(message: ToWriter): Promise<void> {
    if (message.kind === 'write') {
      this.#writer.write(message.batch, Date.now());
      say({ kind: 'written', stats: this.#writer.stats() });
      void this.#removeOld(true);
    } else if (message.kind === 'follow') {
      this.#writer.follow(message.spansDir);
      this.#look();
    } else if (message.kind === 'catchUp') {
      await this.#look();
      say({ kind: 'caughtUp', id: message.id, stats: this.#writer.stats() });
    } else {
      this.#closed = true;
      clearTimeout(this.#timer);
      await this.#looking;
      this.#writer.close();
      say({ kind: 'closed' });
      port.close();
    }
  }

  #look(): Promise<void> {
    clearTimeout(this.#timer);
    this.#looking = this.#looking.then(() => this.#lookOnce());
    return this.#looking;
  }

  async #lookOnce(): Promise<void> {
    let found = false;
    try {
      for (const path of await this.#writer.changedFiles()) {
        while (!this.#closed && this.#writer.takeFrom(path, Date.now())) {
          found = true;
          await turn();
        }
        found = true;
      }
    } catch (thrown) {
      this.#writer.cannotFollow(thrown);
    }
    if (this.#closed) return;
    if (found) {
      say({ kind: 'stats', stats: this.#writer.stats() });
      void this.#removeOld(true);
    }
    this.#quietLooks = found ? 0 : this.#quietLooks + 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), this.#quietLooks > 20 ? lookSlowlyMs : lookEveryMs);
  }

  async #removeOld(onlyIfFull: boolean): Promise<void> {
    if (this.#removing) return;
    this.#removing = true;
    let removed = false;
    while (!this.#closed && this.#writer.removeOld(Date.now(), onlyIfFull)) {
      removed = true;
      await turn();
    }
    this.#removing = false;
    if (removed && !this.#closed) say({ kind: 'stats', stats: this.#writer.stats() });
  }
}

const writer = open();
if (writer !== undefined) new Thread(writer);
