import type { Command } from 'commander';
import { createProcessDriver } from '../../cluster/process/driver.ts';
import { launchedTasks } from '../../cluster/tasks/layout.ts';
import { fail } from '../../errors.ts';
import { answer, createSession, type Session } from '../session.ts';
import { wholeNumber } from '../settings.ts';

export function addLogs(program: Command): void {
  program
    .command('logs <task>')
    .description('what a task printed; with the name of a pipeline or framework, of all its tasks')
    .option('--lines <n>', 'newest lines of each task', wholeNumber('--lines', 1, 100_000, 'logs'), 50)
    .option('--follow', 'go on with what is printed from now on, until Ctrl-C')
    .option('--json', 'print JSON')
    .action(async (name: string, options) => {
      const session = createSession(options);
      const tasks = matching(session, name);
      const driver = createProcessDriver(session.home);
      const logs = await Promise.all(
        tasks.map(async (task) => ({ task, text: await driver.tail(task, options.lines) })),
      );
      answer(session, { logs }, ({ logs }) =>
        logs.map(({ task, text }) => (logs.length > 1 ? `==> ${task} <==\n${text}` : text)).join('\n\n'),
      );
      if (options.follow) await follow(session, tasks);
    });
}

/** Tasks of that name that were launched here, or of the pipeline or framework of that name. Throws UNKNOWN_TASK. */
function matching(session: Session, name: string): string[] {
  const all = launchedTasks(session.home);
  const found = all.filter((task) => task === name || task.startsWith(`${name}.`));
  return found.length > 0 ? found : fail('UNKNOWN_TASK', { task: name, known: all });
}

async function follow(session: Session, tasks: readonly string[]): Promise<void> {
  const driver = createProcessDriver(session.home);
  const { signal } = new AbortController();
  await Promise.all(
    tasks.map(async (task) => {
      let partial = '';
      for await (const part of driver.follow(task, signal)) {
        const lines = (partial + part).split('\n');
        partial = lines.pop() ?? '';
        for (const line of lines) session.print(tasks.length > 1 ? `${task} | ${line}` : line);
      }
    }),
  );
}
