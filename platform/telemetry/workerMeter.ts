/** What a worker of a queue tells about the events that it has done: the last checkpoint of their pathway, and how many. */
import type { Journal } from './conservation/journal.ts';
import { eventHash } from './conservation/tally.ts';
import { StageMeter, type StageReport } from './stageMeter.ts';

/** Its page is compared with nobody's (docs/explanation/conservation.md, Limits): it is of this process alone. */
const noJournal: Journal = {
  entries: () => [],
  append: () => undefined,
  isLong: () => false,
  replace: () => undefined,
  close: () => undefined,
};

export class WorkerMeter extends StageMeter {
  constructor(stage: string) {
    super({ stage, kind: 'worker', journal: noJournal });
  }

  /** Once a job, when its handler has done it. */
  done(
    event: { readonly id: string; readonly pathway?: string | undefined; readonly traceparent?: string | undefined },
    nowMs: number,
  ): void {
    const context = this.checkpoint.read(event.pathway);
    if (context === undefined) {
      this.ledger.addWithoutOrigin();
      return;
    }
    this.ledger.add('out', context.originMs, context.pathway, eventHash(event.id));
    this.checkpoint.passed(context, nowMs, event.traceparent);
  }

  override report(sinceMs = 0): StageReport {
    this.ledger.write();
    return super.report(sinceMs);
  }
}
