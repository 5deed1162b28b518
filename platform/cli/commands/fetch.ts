import type { Command } from 'commander';
import { fetchArtifacts } from '../../artifacts/fetch.ts';
import { fetchProgress } from '../fetchProgress.ts';
import { prepareArtifacts } from '../prepare.ts';
import { answer, createSession } from '../session.ts';

export function addFetch(program: Command): void {
  program
    .command('fetch')
    .description('bring in the servers (Kafka, Cassandra, Spark, Temporal, Valkey, Java) and check every file')
    .option('--repair', 'replace what is truncated or altered')
    .option('--json', 'print JSON')
    .action(async (options) => {
      const session = createSession(options);
      const onProgress = fetchProgress(session);
      const fetched = await fetchArtifacts({
        cache: session.cache,
        repair: options.repair === true,
        check: 'full',
        onProgress,
      });
      await prepareArtifacts(session);
      answer(session, { cache: session.cache, ...fetched }, ({ cache, fetched, kept, bytes, seconds }) => {
        const mib = Math.round(bytes / 1024 / 1024);
        return `${fetched.length} brought in, ${kept.length} there already: ${mib} MiB in ${cache} (${seconds.toFixed(1)} s)`;
      });
    });
}
