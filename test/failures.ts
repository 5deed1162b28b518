/** What failed in a run of jest, out of its report: said again at the end of a long run, where it is not looked for among the rest. */
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** The parts of jest's JSON report that are read here. */
export interface JestReport {
  readonly testResults: readonly {
    readonly name: string;
    /** All that failed in the file, section by section: its tests, and what went wrong outside of them. */
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

/** One text per failed test, and per file in which something failed outside of its tests (all of it, `afterAll`): file, name, message. */
export function failuresIn(report: JestReport, root: string): readonly string[] {
  return report.testResults.flatMap(({ name, message, status, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter((each) => each.status === 'failed');
    const rest = outsideOf(failed, message);
    const whole = assertionResults.length === 0 ? 'could not be run' : 'failed outside of its tests';
    return [
      ...failed.map(({ fullName, failureMessages }) => describe(file, fullName, failureMessages.join('\n'))),
      ...(rest !== '' || (status === 'failed' && failed.length === 0) ? [describe(file, whole, rest)] : []),
    ];
  });
}

/** What the file's message says beside the sections of its failed tests. */
function outsideOf(failed: readonly { readonly fullName: string }[], message: string): string {
  const names = new Set(failed.map(({ fullName }) => fullName));
  const sections = stripVTControlCharacters(message).split(/^ {2}● /m);
  const others = sections.filter((section) => !names.has((section.split('\n')[0] ?? '').replaceAll(' › ', ' ').trim()));
  return others.join('').trim();
}

function describe(file: string, name: string, message: string): string {
  const lines = stripVTControlCharacters(message).split('\n').slice(0, linesShown);
  return [`${file}: ${name}`, ...lines.map((line) => `    ${line}`)].join('\n');
}
