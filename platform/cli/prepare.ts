/** Everything that is made once and kept in the cache: artifacts, class-data archives, the workflow bundle. */
import { findClassDataArchive, makeClassDataArchive } from '../artifacts/archive.ts';
import { fetchArtifacts } from '../artifacts/fetch.ts';
import { loadArtifacts } from '../artifacts/load.ts';
import { archivedFrameworks, runForArchive } from '../frameworks/archive.ts';
import type { Artifacts } from '../frameworks/contract.ts';
import { fetchProgress } from './fetchProgress.ts';
import type { Session } from './session.ts';

/** Brings in what is missing, and makes the class-data archives that servers start faster with. Quiet when all is there. */
export async function prepareArtifacts(session: Session): Promise<Artifacts> {
  const { cache } = session;
  await fetchArtifacts({ cache, onProgress: fetchProgress(session) });
  const artifacts = await loadArtifacts(cache);
  const missing = archivedFrameworks.filter((name) => !findClassDataArchive(cache, name, artifacts));
  for (const name of missing) {
    session.progress(`  ${name}: making its class-data archive, once (about 10 s)`);
    await makeClassDataArchive(cache, name, artifacts, (jsaPath) => runForArchive(name, artifacts, jsaPath));
  }
  return artifacts;
}
