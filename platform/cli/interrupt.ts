/** Ctrl-C during a deploy: the workflow goes on whatever happens to this command, so the user is asked what is meant. */
import { exitCodes } from '../errors.ts';
import { ask } from './ask.ts';
import type { Session } from './session.ts';

export interface Interruptible {
  readonly pipeline: string;
  readonly rollBack: () => Promise<void>;
}

const question = '\nLeave the deploy going (l), roll it back (r), or keep watching (k)? [k] ';

/**
 * Runs `work` with a session whose progress is held back while a question stands. In a terminal, Ctrl-C asks; without one,
 * or pressed again, it ends this command with 130, and the deploy goes on.
 */
export async function interruptible<T>(
  session: Session,
  { pipeline, rollBack }: Interruptible,
  work: (watched: Session) => Promise<T>,
): Promise<T> {
  const done = new AbortController();
  let held: string[] | undefined;
  let rollingBack = false;
  const progress = (line: string) => (held ? void held.push(line) : session.progress(line));
  const leave = () => {
    const what = rollingBack ? 'rollback' : 'deploy';
    session.progress(`\nThe ${what} of ${pipeline} goes on; watch it with: millrace status`);
    process.exit(exitCodes.interrupted);
  };
  const choose = async () => {
    held = [];
    const reply = await ask(question, done.signal);
    for (const line of held.splice(0)) session.progress(line);
    held = undefined;
    if (done.signal.aborted) return;
    if (reply === undefined || /^l/i.test(reply)) return leave();
    if (!/^r/i.test(reply)) return;
    rollingBack = true;
    session.progress('Rolling back: what this deploy has made is removed again.');
    await rollBack();
  };
  let failed: (error: unknown) => void = () => undefined;
  const broken = new Promise<never>((_, reject) => {
    failed = reject;
  });
  const interrupt = () => (session.interactive && !held && !rollingBack ? void choose().catch(failed) : leave());
  process.on('SIGINT', interrupt);
  try {
    const result = await Promise.race([work({ ...session, progress }), broken]);
    if (rollingBack) session.progress('The deploy was done before it could be rolled back.');
    return result;
  } finally {
    process.off('SIGINT', interrupt);
    done.abort();
    for (const line of held?.splice(0) ?? []) session.progress(line);
  }
}
