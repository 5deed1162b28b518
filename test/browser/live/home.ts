/** One home whose console is in a browser: what the scenes of a story share. Its processes are real, and its API is the real one. */
import { pipelineAccess } from '../../../platform/activities/access.ts';
import type { TaskStatus } from '../../../platform/cluster/driver.ts';
import { homeAt } from '../../../platform/home.ts';
import { createRecords } from '../../../platform/records/records.ts';
import { createSecrets } from '../../../platform/secrets/secrets.ts';
import { createTestHome, type TestHome } from '../../e2e/cli.ts';
import { until } from '../../e2e/until.ts';
import { closeBrowser, type OpenPage, openPage } from '../browser.ts';

export const pipeline = 'flight-delays';
export const minutes = 60_000;

export interface LiveConsole extends OpenPage {
  /** Addresses of the pipeline's own, by name. */
  endpoints(): Readonly<Record<string, string>>;
  /** A task of it stands still, as by a fault, until what this gives is called. */
  hang(task: string): Promise<() => void>;
  /** The pipeline's own login to Kafka. */
  kafka(): Promise<NonNullable<Awaited<ReturnType<typeof pipelineAccess>>['kafka']>>;
  end(): Promise<void>;
}

/** `up` in a home that is new, and a login by the link that `console` prints. */
export async function openLiveConsole(portBase: number): Promise<LiveConsole> {
  const home = createTestHome(portBase);
  try {
    await home.json('up');
    const { url, login } = await home.json<{ url: string; login: string }>('console');
    // The console's files are built where nobody has built them; until then they are answered with 503.
    await until(async () => ((await fetch(url)).ok ? true : undefined));
    const shown = await openPage(login);
    return { ...shown, ...reach(home), end: () => end(home, shown) };
  } catch (error) {
    await end(home);
    throw error;
  }
}

function reach(home: TestHome): Pick<LiveConsole, 'endpoints' | 'kafka' | 'hang'> {
  const at = homeAt(home.path);
  const deps = { records: createRecords(at), secrets: createSecrets(at.secretsDir) };
  return {
    endpoints: () => deps.records.pipeline(pipeline)?.endpoints ?? {},
    async hang(task) {
      const { tasks } = await home.json<{ tasks: readonly TaskStatus[] }>('status');
      const pid = tasks.find(({ id }) => id === task)?.pid;
      if (pid == null) throw new Error(`${task} has no process`);
      process.kill(pid, 'SIGSTOP');
      return () => process.kill(pid, 'SIGCONT');
    },
    kafka: async () => (await pipelineAccess(deps, pipeline, ['kafka'])).kafka!,
  };
}

async function end(home: TestHome, shown?: OpenPage): Promise<void> {
  await shown?.close();
  await closeBrowser();
  await home.purge();
}
