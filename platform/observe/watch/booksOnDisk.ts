/** The file of one pipeline's books, as its observer reads it once and writes it again and again. */
import { existsSync, renameSync } from 'node:fs';
import { MillraceError } from '../../errors.ts';
import { readState, writeState } from '../../state-files.ts';
import { type Books, checkBooks } from './booksFile.ts';

export interface BooksOptions {
  readonly pipeline: string;
  readonly file: string;
  readonly revision: number;
  readonly onFault: (text: string) => void;
}

type Content = Pick<Books, 'faults' | 'settled'>;

export class BooksOnDisk {
  readonly #options: BooksOptions;
  #isRead = false;
  /** Why it can't be read. */
  #fault: Error | undefined;

  constructor(options: BooksOptions) {
    this.#options = options;
  }

  /**
   * What the file says, once; undefined: it was read before, or can't be read now, which is told once. Such a file is neither
   * written over nor set aside: what keeps it from being read passes. One that is corrupt is set aside; one of an earlier
   * pipeline of this name says nothing.
   */
  read(): Content | undefined {
    if (this.#isRead) return undefined;
    try {
      const found = this.#content();
      this.#isRead = true;
      return found;
    } catch (thrown) {
      const fault = thrown as Error;
      const more = 'It is read again with each look; until then faults are told anew, and kept in memory only.';
      if (fault.message !== this.#fault?.message) this.#options.onFault(`${fault.message} ${more}`);
      this.#fault = fault;
      return undefined;
    }
  }

  /** Throws what keeps the file from being read, or set aside. */
  #content(): Content {
    const { file, pipeline, revision, onFault } = this.#options;
    const none = { faults: [], settled: [] };
    try {
      const found = readState<Books>(file, 'millrace/ledger-faults/1', checkBooks);
      return found === undefined || found.pipeline !== pipeline || found.revision > revision ? none : found;
    } catch (thrown) {
      if (!(thrown instanceof MillraceError) || thrown.code === 'STATE_UNAVAILABLE') throw thrown;
      if (existsSync(file)) renameSync(file, `${file}.corrupt`);
      onFault(`${thrown.message} It was set aside as ${file}.corrupt, and faults are told anew.`);
      return none;
    }
  }

  get isRead(): boolean {
    return this.#isRead;
  }

  /** Throws STATE_UNAVAILABLE, also while what is there can't be read. */
  write({ faults, settled }: Content): void {
    const { file, pipeline, revision } = this.#options;
    if (!this.#isRead && this.#fault !== undefined) throw this.#fault;
    writeState<Books>(file, { format: 'millrace/ledger-faults/1', pipeline, revision, faults, settled });
  }
}
