/**
 * `docs/reference/errors.md`, made from the error table.
 *
 *   ./millrace exec platform/errors/document.ts            prints the page
 *   ./millrace exec platform/errors/document.ts --write    writes it
 */
import { writeFileSync } from 'node:fs';
import { argv, stdout } from 'node:process';
import { pathToFileURL } from 'node:url';
import { type ErrorClass, type ErrorRow, exitCodes } from '../errors.ts';
import { errorRows } from './rows.ts';

export const errorPage = new URL('../../docs/reference/errors.md', import.meta.url);

const classMeanings: Readonly<Record<ErrorClass, string>> = {
  internal: 'a defect of Millrace itself',
  input: 'the request is wrong: unknown name, bad parameter, bad file',
  refused: 'a correct request that the plan refuses: capacity, schema, data',
  environment: 'the machine lacks something: a tool, an artifact, a port',
  runtime: 'it was tried and failed at run time',
  verification: 'a verification found events lost or duplicated',
  interrupted: 'ended by the user',
};

const head = `# Errors

Generated from \`platform/errors/rows.ts\` and \`platform/errors/eventRows.ts\` by
\`./millrace exec platform/errors/document.ts --write\`. A test fails when the two differ.

A word in braces is filled in when the error is made. "Retryable" means that the same call may succeed later without any
change by you. With \`--json\` the CLI prints \`{"error": {code, message, meaning, next, retryable, details}}\` on standard
output; the HTTP services answer with that inner object as the body.
`;

/** The whole page: the classes with their exit codes, then one section per code, in the order of their names. */
export function renderErrorTable(): string {
  const rows = Object.entries<ErrorRow>(errorRows).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return [head, classTable(), ...rows.map(([code, row]) => section(code, row))].join('\n');
}

function classTable(): string {
  const rows = Object.entries(classMeanings).map(([name, meaning]) => {
    return `| ${name} | ${exitCodes[name as ErrorClass]} | ${meaning} |`;
  });
  return ['| class | exit code | meaning |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

function section(code: string, row: ErrorRow): string {
  const { class: errorClass, retryable, what, meaning, next } = row;
  return [
    `## ${code}`,
    '',
    `Class \`${errorClass}\`, exit code ${exitCodes[errorClass]}, ${retryable ? 'retryable' : 'not retryable'}.`,
    '',
    `- **What:** ${inline(what)}`,
    `- **Meaning:** ${inline(meaning)}`,
    `- **Next:** ${inline(next)}`,
    '',
  ].join('\n');
}

/** One line of Markdown: a line break of the text becomes a space. */
function inline(text: string): string {
  return text.replaceAll('\n', ' ').replaceAll('<', '&lt;');
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) {
  if (argv.includes('--write')) writeFileSync(errorPage, renderErrorTable());
  else stdout.write(renderErrorTable());
}
