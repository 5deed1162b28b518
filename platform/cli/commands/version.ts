import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { frameworks } from '../../frameworks/registry.ts';
import { answer, createSession } from '../session.ts';

export function addVersion(program: Command): void {
  program
    .command('version')
    .description('versions of Millrace and of what it installs')
    .option('--json', 'print JSON')
    .action((options) => {
      const session = createSession(options);
      const { version } = JSON.parse(readFileSync(join(session.repoRoot, 'package.json'), 'utf8')) as {
        version: string;
      };
      const packages = Object.values(frameworks).map((each) => [each.name, each.version] as const);
      const value = { millrace: version, node: process.versions.node, ...Object.fromEntries(packages) };
      answer(session, value, (all) =>
        Object.entries(all)
          .map(([name, is]) => `${name.padEnd(10)} ${is}`)
          .join('\n'),
      );
    });
}
