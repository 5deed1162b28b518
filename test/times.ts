/** Where the time of a run of jest went, out of its report: the longest files, and in each what took longest. */
import { relative } from 'node:path';

/** The parts of jest's JSON report that are read here; times in milliseconds. */
export interface TimedReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly startTime: number;
    readonly endTime: number;
    readonly assertionResults: readonly { readonly fullName: string; readonly duration?: number | null }[];
  }[];
}

const filesShown = 15;
const testsShown = 3;

/** A line for each file, longest first, with its longest tests; `besides`: before, between and after its tests. */
export function timesIn(report: TimedReport, root: string): readonly string[] {
  const files = report.testResults.map(({ name, startTime, endTime, assertionResults }) => {
    const tests = assertionResults.map(({ fullName, duration }) => ({ fullName, ms: duration ?? 0 }));
    const ms = endTime - startTime;
    const besidesMs = Math.max(0, ms - tests.reduce((sum, test) => sum + test.ms, 0));
    return { file: relative(root, name), ms, besidesMs, tests: tests.sort((one, other) => other.ms - one.ms) };
  });
  const longest = files.sort((one, other) => other.ms - one.ms).slice(0, filesShown);
  return longest.flatMap(({ file, ms, besidesMs, tests }) => [
    `${seconds(ms)} ${file}, ${seconds(besidesMs).trim()} besides its tests`,
    ...tests.slice(0, testsShown).map((test) => `    ${seconds(test.ms)} ${test.fullName}`),
  ]);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(6)} s`;
}
