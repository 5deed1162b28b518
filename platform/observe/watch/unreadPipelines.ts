/** Pipelines of which there is nothing but a record that can't be read: what is told of them. */
import type { PipelineSummary } from '../../api/contract/pipelines.ts';
import { summaryOfUnread } from './summary.ts';

export interface UnreadPipeline {
  readonly pipeline: string;
  /** What happened, and what to do. */
  readonly message: string;
  readonly next: string;
  /** That fire. */
  readonly alerts: number;
}

export class UnreadPipelines {
  #shown: ReadonlyMap<string, PipelineSummary> = new Map();

  /** All that there are now. Answers those that were not there before. */
  see(unread: readonly UnreadPipeline[], nowMs: number): readonly PipelineSummary[] {
    const before = this.#shown;
    this.#shown = new Map(
      unread.map(({ pipeline, message, next, alerts }) => {
        const sinceMs = before.get(pipeline)?.sinceMs ?? nowMs;
        return [pipeline, { ...summaryOfUnread(pipeline, { reason: message, next, sinceMs }), alerts }];
      }),
    );
    return this.summaries().filter(({ pipeline }) => !before.has(pipeline));
  }

  summaries(): readonly PipelineSummary[] {
    return [...this.#shown.values()];
  }

  summary(pipeline: string): PipelineSummary | undefined {
    return this.#shown.get(pipeline);
  }
}
