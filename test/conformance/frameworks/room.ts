/** A private place for one framework under test: directories, placements, secrets, artifacts. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  Artifacts,
  FrameworkAccess,
  FrameworkPackage,
  RenderContext,
} from '../../../platform/frameworks/contract.ts';
import type { Placement } from '../../../platform/model/cluster.ts';

export interface Room<O> {
  readonly root: string;
  readonly access: FrameworkAccess<O>;
  context(instance: number): RenderContext<O>;
  /** Every secret that was asked for so far. */
  secrets(): readonly string[];
}

export interface RoomSettings {
  readonly artifacts: Artifacts;
  readonly firstPort: number;
  readonly identity?: string;
  /** Address of an instance; one for all by default. */
  readonly address?: (instance: number) => string;
}

export function makeRoom<O>(framework: FrameworkPackage<O>, options: unknown, settings: RoomSettings): Room<O> {
  const parsed = framework.options.parse(options);
  const placements = placementsOf(framework, parsed, settings);
  const secrets = new Map<string, string>();
  const secret = (name: string) => {
    if (!secrets.has(name)) secrets.set(name, randomBytes(32).toString('base64url'));
    return secrets.get(name)!;
  };
  const identity = settings.identity ?? `test-${randomBytes(6).toString('hex')}`;
  const access = { options: parsed, placements, identity, artifacts: settings.artifacts, secret };
  return {
    root: mkdtempSync(join(tmpdir(), `fw-${framework.name}-`)),
    access,
    context: (instance) => ({ ...access, placement: placements[instance]! }),
    secrets: () => [...secrets.values()],
  };
}

function placementsOf<O>(framework: FrameworkPackage<O>, options: O, settings: RoomSettings): Placement[] {
  let next = settings.firstPort;
  return framework.demands(options).map((demand, instance) => ({
    task: demand.task,
    node: `node-${instance}`,
    address: settings.address?.(instance) ?? '127.0.0.1',
    ports: Object.fromEntries(demand.ports.map((name) => [name, next++])),
    demand,
  }));
}
