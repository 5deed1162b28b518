import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  cpusPerCore,
  createCluster,
  loadCluster,
  plannedCluster,
  portsPerNode,
  readCluster,
  shareOut,
} from '../../../platform/cluster/cluster-file.ts';
import { homeAt } from '../../../platform/home.ts';
import { controlPlaneMiB } from '../../../platform/model/controlPlane.ts';

const root = mkdtempSync(join(tmpdir(), 'process-cluster-'));
afterAll(() => rmSync(root, { recursive: true }));
const machine = { cores: 2, memoryMiB: 8000, diskMiB: 90_000 };

describe('sharing out a machine', () => {
  test('one node has all of it but the reserve of the control plane', () => {
    const [node] = shareOut({ nodes: 1 }, machine);
    expect(node).toEqual({
      id: 'node-1',
      address: '127.0.0.1',
      resources: { cpus: 8, memoryMiB: 6816, diskMiB: 90_000, gpus: 0 },
      attributes: {},
      ports: { first: 19_000, last: 19_099 },
    });
  });

  test('nodes are alike, apart in address and ports, and together never more than the machine', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 128 }),
        fc.integer({ min: 2000, max: 500_000 }),
        (count, cores, memoryMiB) => {
          const nodes = shareOut({ nodes: count }, { cores, memoryMiB, diskMiB: 1000 });
          const sum = (read: (node: (typeof nodes)[number]) => number) =>
            nodes.reduce((total, node) => total + read(node), 0);
          expect(new Set(nodes.map((node) => node.address)).size).toBe(count);
          expect(new Set(nodes.map((node) => node.id)).size).toBe(count);
          expect(sum((node) => node.resources.cpus)).toBeLessThanOrEqual(cores * cpusPerCore + 1e-6);
          expect(sum((node) => node.resources.memoryMiB)).toBeLessThanOrEqual(memoryMiB - controlPlaneMiB);
          for (const [index, { ports }] of nodes.entries()) {
            expect(ports.last - ports.first + 1).toBe(portsPerNode);
            expect(ports.first).toBeGreaterThan(nodes[index - 1]?.ports.last ?? 0);
          }
        },
      ),
    );
  });

  test.each([
    ['no node', { nodes: 0 }],
    ['half a node', { nodes: 1.5 }],
    ['ports in the ephemeral range', { nodes: 3, portBase: 32_500 }],
    ['ports of the system', { nodes: 1, portBase: 80 }],
    ['less memory than the control plane takes', { nodes: 1, memoryMiB: 1184 }],
    ['no core', { nodes: 1, cpus: 0 }],
  ])('%s is refused', (_, size) => {
    expect(() => shareOut(size, machine)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('cluster.json', () => {
  test('is made once, and another size is refused', async () => {
    const home = homeAt(join(root, 'once'));
    expect(() => loadCluster(home)).toThrow(expect.objectContaining({ code: 'CLUSTER_ABSENT' }));
    const made = await createCluster(home, { nodes: 3 });
    expect(loadCluster(home)).toEqual(made);
    expect(await createCluster(home, { nodes: 3 })).toEqual(made);
    const details = { found: '3 nodes', asked: '1 node' };
    await expect(createCluster(home, { nodes: 1 })).rejects.toMatchObject({ code: 'CLUSTER_EXISTS', details });
  });

  test('can be looked at before it is made', () => {
    const home = homeAt(join(root, 'unmade'));
    const seen = plannedCluster(home, { nodes: 2, portBase: 12_100 });
    expect(seen.nodes.map((node) => node.ports.first)).toEqual([12_100, 12_200]);
    expect(readCluster(home)).toBeUndefined();
    const unreadable = () => plannedCluster(home, { nodes: 2, portBase: Number('x') });
    expect(unreadable).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  test('that is corrupt is refused by name and left as it is', async () => {
    const home = homeAt(join(root, 'corrupt'));
    await createCluster(home, { nodes: 1 });
    const cut = readFileSync(home.clusterFile, 'utf8').slice(0, 40);
    writeFileSync(home.clusterFile, cut);
    const refusal = { code: 'CORRUPT_STATE', details: { file: home.clusterFile } };
    expect(() => loadCluster(home)).toThrow(expect.objectContaining({ code: 'CORRUPT_STATE' }));
    await expect(createCluster(home, { nodes: 1 })).rejects.toMatchObject(refusal);
    expect(readFileSync(home.clusterFile, 'utf8')).toBe(cut);
  });
});
