/** The workflows that the worker runs: the entry of the workflow bundle. */
export { frameworkWorkflow } from './framework.ts';
export { pipelineWorkflow } from './pipeline.ts';
