/** What callers may say to the workflows. Imported by workflows and by clients. */
import { defineSignal, defineUpdate } from '@temporalio/workflow';
import type { LedgerEntry } from '../model/ledger.ts';
import type {
  ChangeRequest,
  ChangeResult,
  DeployRequest,
  DeployResult,
  DestroyRequest,
  DestroyResult,
  EnsureRequest,
  EnsureResult,
  ReleaseRequest,
} from '../model/operations.ts';

export const taskQueue = 'millrace';
export const namespace = 'millrace';
export const workflowIds = {
  pipeline: (name: string) => `pipeline/${name}`,
  framework: (name: string) => `framework/${name}`,
} as const;

export const deployUpdate = defineUpdate<DeployResult, [DeployRequest]>('deploy');
/** Stops, starts or restarts tasks of the revision that stands. */
export const changeUpdate = defineUpdate<ChangeResult, [ChangeRequest]>('change');
export const destroyUpdate = defineUpdate<DestroyResult, [DestroyRequest]>('destroy');
export const ensureUpdate = defineUpdate<EnsureResult, [EnsureRequest]>('ensure');
/** Takes a pipeline off a framework's users; removes the framework when this very operation had installed it. */
export const releaseUpdate = defineUpdate<readonly LedgerEntry[], [ReleaseRequest]>('release');
/** To a pipeline: rolls the deploy with this operation id back. To a framework: calls the installation for it off. */
export const cancelSignal = defineSignal<[string]>('cancel');
