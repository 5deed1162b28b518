import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Command, type Option } from 'commander';
import { anchorsOf, linksOf, pages, root } from './pages.ts';

const found = pages();
const mainFile = join(root, 'platform/cli/main.ts');
const cliPage = readFileSync(join(root, 'docs/reference/cli.md'), 'utf8');

/** `  deploy: async () => (await import('./commands/deploy.ts')).addDeploy,` in main.ts, which runs when it is imported. */
const entries = [
  ...readFileSync(mainFile, 'utf8').matchAll(/^ {2}(\w+): async \(\) => \(await import\('(.+)'\)\)\.(\w+),$/gm),
].map(([, name, file, add]) => ({ name: name!, file: join(dirname(mainFile), file!), add: add! }));

/** Sections of cli.md by the command they describe: `## deploy BLUEPRINT`. */
const sections = new Map(
  cliPage
    .split(/^## (?=[a-z])/m)
    .slice(1)
    .map((text) => [/^\w+/.exec(text)![0], text]),
);

test('there are pages, and links in them', () => {
  expect(found.length).toBeGreaterThan(20);
  expect(found.flatMap(({ text }) => linksOf(text)).length).toBeGreaterThan(20);
});

test('every relative link leads to a file, and every anchor to a heading', () => {
  const broken = found.flatMap(({ path, text }) => {
    const relative = linksOf(text).filter((target) => !/^[a-z]+:/.test(target));
    return relative.filter((target) => !leadsSomewhere(path, target)).map((target) => `${path}: ${target}`);
  });
  expect(broken).toEqual([]);
});

function leadsSomewhere(from: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? join(root, from) : join(root, dirname(from), decodeURI(file));
  if (!existsSync(path)) return false;
  return anchor === undefined || anchorsOf(readFileSync(path, 'utf8')).includes(anchor);
}

test('cli.md describes the commands there are, and no others', () => {
  expect(entries.length).toBeGreaterThan(10);
  expect([...sections.keys()].toSorted()).toEqual(entries.map(({ name }) => name).toSorted());
});

test.each(entries)('cli.md gives the options of $name, and no others', async ({ name, file, add }) => {
  const module = (await import(file)) as Record<string, (program: Command) => void>;
  const program = new Command();
  module[add]!(program);
  const command = program.commands.find((each) => each.name() === name);
  const all = command === undefined ? [] : [command, ...command.commands];
  const options = all.flatMap(({ options }) => options.map((option: Option) => option.long ?? ''));
  const told = [...(sections.get(name) ?? '').matchAll(/^\| `(--[a-z-]+)/gm)].map(([, option]) => option!);
  expect(told.toSorted()).toEqual(options.toSorted());
});

test('texts of errors and pages name only commands and options that exist', async () => {
  const known = new Map<string, string[]>();
  for (const { name } of entries) {
    known.set(
      name,
      [...(sections.get(name) ?? '').matchAll(/^\| `(--[a-z-]+)/gm)].map(([, option]) => option!),
    );
  }
  const wrong = found.flatMap(({ path, text }) =>
    [...text.matchAll(/`(?:\.\/)?millrace ([a-z]+)([^`\n]*)`/g)].flatMap(([whole, name, rest]) => {
      if (path.startsWith('docs/decisions/') || ['exec', 'help'].includes(name!)) return [];
      const options = [...rest!.matchAll(/(?<=\s)--[a-z-]+/g)].map(([option]) => option);
      const fits = options.every((option) => option === '--help' || known.get(name!)?.includes(option));
      return known.has(name!) && fits ? [] : [`${path}: ${whole}`];
    }),
  );
  expect(wrong).toEqual([]);
});
