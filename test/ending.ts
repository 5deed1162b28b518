/** What a run of the tests says at its end. Pure. */
import { failuresIn, type JestReport } from './failures.ts';
import type { TimedReport } from './times.ts';

export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** `failures`: said again. The last line has always the same form: who reads it by machine looks for no other. */
export function endingOf({ passed, failed, skipped }: Outcome, failures: readonly string[]): readonly string[] {
  const notRun = `\nSKIPPED: ${skipped} tests did not run, so that what they check is not known. Why is said at their stages.`;
  return [
    ...failures.map((failure) => `\nfailed: ${failure}`),
    ...(skipped > 0 ? [notRun] : []),
    `\n${passed} passed, ${failed} failed`,
  ];
}

/** As jest has ended. */
export interface JestEnd {
  readonly code: number;
  /** It was ended, long after its report was written. */
  readonly isKilled: boolean;
  /** Undefined: it wrote none, or not whole. */
  readonly report: (JestReport & JestNumbers & TimedReport) | undefined;
}

interface JestNumbers {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

/** Whatever is counted as failed is among the failures, by name. */
export function jestOutcome(folder: string, { code, isKilled, report }: JestEnd, root: string) {
  const killed = isKilled
    ? [`test/${folder}: something that a test left open kept jest from ending: find it with --detectOpenHandles`]
    : [];
  if (report === undefined) {
    const missing = `test/${folder}: jest ended with exit code ${code} and left no report: what its tests came to is not known`;
    return { outcome: { passed: 0, failed: 1, skipped: 0 }, failures: [missing, ...killed] };
  }
  const found = report.numFailedTests + report.numRuntimeErrorTestSuites;
  const unnamed =
    found === 0 && code !== 0 && !isKilled
      ? [`test/${folder}: jest ended with exit code ${code}, and no test failed`]
      : [];
  return {
    outcome: {
      passed: report.numPassedTests,
      failed: found + killed.length + unnamed.length,
      skipped: report.numPendingTests + report.numTodoTests,
    },
    failures: [...failuresIn(report, root), ...killed, ...unnamed],
  };
}
