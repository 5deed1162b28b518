/** What failed in a run of jest, out of its report: said again at the end of a long run, where it is not looked for among the rest. */
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** The parts of jest's JSON report that are read here. */
export interface JestReport {
  readonly testResults: readonly {
    readonly name: string;
    /** Of a file that could not be run at all. */
    readonly message: string;
    readonly status: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** An assertion's message with what was expected and what came; the stack below it is cut off. */
const linesShown = 30;

/** One text per failed test, and per file that could not be run: file, name, message. */
export function failuresIn(report: JestReport, root: string): readonly string[] {
  return report.testResults.flatMap(({ name, message, status, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter((each) => each.status === 'failed');
    if (failed.length === 0) return status === 'failed' ? [describe(file, 'could not be run', message)] : [];
    return failed.map(({ fullName, failureMessages }) => describe(file, fullName, failureMessages.join('\n')));
  });
}

function describe(file: string, name: string, message: string): string {
  const lines = stripVTControlCharacters(message).split('\n').slice(0, linesShown);
  return [`${file}: ${name}`, ...lines.map((line) => `    ${line}`)].join('\n');
}
