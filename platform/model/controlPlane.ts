/** The control plane's own tasks and what they ask for: what planning keeps off, what the driver enforces and what is shown. */

export const temporalTask = 'millrace.temporal.0';
export const workerTask = 'millrace.worker.0';
export const apiTask = 'millrace.api.0';
export const redisTask = 'millrace.redis.0';

export const controlLimits = {
  [temporalTask]: { cpus: 1, memoryMiB: 320 },
  [workerTask]: { cpus: 1, memoryMiB: 512 },
  [apiTask]: { cpus: 0.25, memoryMiB: 192 },
  [redisTask]: { cpus: 0.1, memoryMiB: 64 },
} as const;

/** The agent is no task and has no limit: 67 MiB after work (docs/reference/performance.md). */
export const agentMiB = 96;

/** Kept off the nodes, in MiB: the limits, and the agent. */
export const controlPlaneMiB = Object.values(controlLimits).reduce((sum, { memoryMiB }) => sum + memoryMiB, agentMiB);
