import { namespace } from '../workflows/messages.ts';
import { controlAddress } from './tasks.ts';

/** A workflow in Temporal's web UI: its newest run, or one run of it. */
export function workflowUrl({ ui }: { readonly ui: number }, workflowId: string, runId?: string): string {
  const run = runId === undefined ? '' : `/${encodeURIComponent(runId)}`;
  return `http://${controlAddress}:${ui}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}${run}`;
}
