import { condition } from '@temporalio/workflow';

/** Lets the handlers of one entity run one at a time, in the order in which they came. */
export class Turns {
  private next = 0;
  private current = 0;

  get idle(): boolean {
    return this.next === this.current;
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.next++;
    await condition(() => this.current === mine);
    try {
      return await work();
    } finally {
      this.current++;
    }
  }
}
