import fc from 'fast-check';
import type { Offer, TaskDemand } from '../../../platform/model/cluster.ts';

export function offer(id: string, memoryMiB: number, more: Partial<Offer> = {}): Offer {
  const amounts = { cpus: 4, memoryMiB, diskMiB: 10_000, gpus: 0 };
  const address = `127.0.0.${id.charCodeAt(0) - 96}`;
  const node = { id, address, resources: amounts, attributes: {}, ports: { first: 20_000, last: 20_019 } };
  return { node, free: amounts, takenPorts: [], groups: [], ...more };
}

export function demand(task: string, memoryMiB: number, more: Partial<TaskDemand> = {}): TaskDemand {
  return {
    task,
    owner: { kind: 'pipeline', name: 'pp' },
    group: task.slice(0, task.lastIndexOf('.')),
    spread: false,
    resources: { cpus: 0.25, memoryMiB, diskMiB: 10, gpus: 0 },
    ports: ['health'],
    ...more,
  };
}

export const offers = fc
  .array(
    fc.record({
      memoryMiB: fc.integer({ min: 0, max: 9000 }),
      cpus: fc.integer({ min: 0, max: 40 }).map((tenths) => tenths / 10),
      takenPorts: fc.uniqueArray(fc.integer({ min: 20_000, max: 20_019 }), { maxLength: 18 }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((nodes) =>
    nodes.map(({ memoryMiB, cpus, takenPorts }, index) => {
      const made = offer(String.fromCharCode(97 + index), memoryMiB, { takenPorts });
      return { ...made, free: { ...made.free, cpus } };
    }),
  );

/** Groups of one to four tasks, some of which share a port. */
export const demands = fc
  .array(
    fc.record({
      instances: fc.integer({ min: 1, max: 4 }),
      memoryMiB: fc.integer({ min: 1, max: 1500 }),
      cpus: fc.integer({ min: 0, max: 20 }).map((tenths) => tenths / 10),
      spread: fc.boolean(),
      shares: fc.boolean(),
      own: fc.integer({ min: 0, max: 3 }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((groups) =>
    groups.flatMap(({ instances, memoryMiB, cpus, spread, shares, own }, group) =>
      Array.from({ length: instances }, (_, instance) =>
        demand(`pp.g${group}.${instance}`, memoryMiB, {
          spread,
          resources: { cpus, memoryMiB, diskMiB: 10, gpus: 0 },
          ports: [...Array.from({ length: own }, (_, port) => `own${port}`), ...(shares ? ['service'] : [])],
          ...(shares ? { sharedPorts: ['service'] } : {}),
        }),
      ),
    ),
  );
