import type { Command } from 'commander';
import { examineMachine } from '../../artifacts/doctor.ts';
import { createProcessDriver } from '../../cluster/process/driver.ts';
import { exitCodes } from '../../errors.ts';
import type { Home } from '../../home.ts';
import { answer, columns, createSession } from '../session.ts';

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('what this machine has, what is missing, and the remedy')
    .option('--full', 'check every file of every artifact')
    .option('--json', 'print JSON')
    .action(async (options) => {
      const session = createSession(options);
      const report = await examineMachine({
        cache: session.cache,
        dataDir: session.home.root,
        check: options.full ? 'full' : 'quick',
        heldMiB: await heldMiB(session.home),
      });
      answer(session, report, ({ lines }) =>
        columns(
          lines.flatMap(({ group, name, state, version, detail, remedy }) => {
            const mark = state === 'present' || state === 'not-needed' ? '✓' : '✗';
            const row = [mark, group, name, state, version ?? '', detail ?? ''];
            return remedy ? [row, ['', '', '', '→', remedy]] : [row];
          }),
        ),
      );
      process.exitCode = report.ok ? exitCodes.ok : exitCodes.environment;
    });
}

/** What the home's tasks use now; without an agent none runs. */
async function heldMiB(home: Home): Promise<number> {
  const tasks = await createProcessDriver(home)
    .list()
    .catch(() => []);
  return Math.round(tasks.reduce((sum, { usage }) => sum + (usage?.memoryMiB ?? 0), 0));
}
