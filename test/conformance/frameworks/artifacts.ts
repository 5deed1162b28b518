import { loadArtifacts } from '../../../platform/artifacts/load.ts';
import type { Artifacts } from '../../../platform/frameworks/contract.ts';
import { cacheOf } from '../../../platform/home.ts';

/** The servers of this machine's cache, which `millrace fetch` has filled. */
export function artifactsForTests(): Promise<Artifacts> {
  return loadArtifacts(cacheOf(process.env));
}
