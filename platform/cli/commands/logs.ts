import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { createProcessDriver } from '../../cluster/process/driver.ts';
import { launchedTasks } from '../../cluster/tasks/layout.ts';
import { fail } from '../../errors.ts';
import { answer, createSession, type Session } from '../session.ts';
import { wholeNumber } from '../settings.ts';

const followMs = 300;
const followedLines = 2000;

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
  const seen = new Map<string, string>();
  for (const task of tasks) seen.set(task, await driver.tail(task, followedLines));
  for (;;) {
    await sleep(followMs);
    for (const task of tasks) {
      const now = await driver.tail(task, followedLines);
      const fresh = freshLines(seen.get(task) ?? '', now);
      seen.set(task, now);
      for (const line of fresh) session.print(tasks.length > 1 ? `${task} | ${line}` : line);
    }
  }
}

/** Lines of `now` after the place where `before` ended; both are the newest lines of one growing text. */
function freshLines(before: string, now: string): string[] {
  if (now === before) return [];
  const last = before.split('\n').slice(-20).join('\n');
  const at = last === '' ? 0 : now.lastIndexOf(last);
  return now
    .slice(at < 0 ? 0 : at + last.length)
    .split('\n')
    .filter((line) => line !== '');
}
