import type { Home } from '../home.ts';
import { namespace, workflowIds } from '../workflows/messages.ts';
import { controlPorts } from './controlFile.ts';
import { controlAddress } from './tasks.ts';

/** A workflow in Temporal's web UI: its newest run, or one run of it. */
export function workflowUrl({ ui }: { readonly ui: number }, workflowId: string, runId?: string): string {
  const run = runId === undefined ? '' : `/${encodeURIComponent(runId)}`;
  return `http://${controlAddress}:${ui}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}${run}`;
}

/** Of a pipeline of this home; null: there was no control plane yet. */
export function pipelineWorkflowUrl(home: Home, pipeline: string): string | null {
  const ports = controlPorts(home);
  return ports === undefined ? null : workflowUrl(ports, workflowIds.pipeline(pipeline));
}
