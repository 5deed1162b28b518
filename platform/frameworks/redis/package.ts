import { createHash } from 'node:crypto';
import type { TaskSpec } from '../../cluster/driver.ts';
import type { Placement } from '../../model/cluster.ts';
import { physical } from '../../model/names.ts';
import type { Phase } from '../../model/plan.ts';
import type { FrameworkPackage, RenderContext } from '../contract.ts';
import { launchStep, readyStep } from '../steps.ts';
import { identityUser, redisAdminUser } from './access.ts';
import { redisReady } from './ready.ts';
import { type RedisOptions, redisOptions } from './spec.ts';

const task = physical.frameworkTask('redis', 'server', 0);

/** The process itself, its client buffers and the copy-on-write pages of a log rewrite, in MiB. */
export const redisOverheadMiB = 48;

export const redisPackage: FrameworkPackage<RedisOptions> = {
  name: 'redis',
  version: '9.1.2',
  options: redisOptions,

  demands: ({ maxMemoryMiB, diskMiB }) => [
    {
      task,
      owner: { kind: 'framework', name: 'redis' },
      group: 'redis.server',
      spread: false,
      resources: { cpus: 0.1, memoryMiB: maxMemoryMiB + redisOverheadMiB, diskMiB, gpus: 0 },
      ports: ['client'],
    },
  ],

  phases: (): readonly Phase[] => [
    {
      name: 'redis',
      strategy: 'dependency',
      steps: [launchStep(task, 'start Redis'), readyStep(task, 'Redis answers', { timeoutSeconds: 60 })],
    },
  ],

  render,
  ready: redisReady,
};

function render(context: RenderContext<RedisOptions>): TaskSpec {
  const { placement, artifacts, options } = context;
  return {
    id: placement.task,
    node: placement.node,
    owner: placement.demand.owner,
    argv: [artifacts.valkeyServer, '{taskDir}/conf/valkey.conf'],
    env: {},
    files: [
      { path: 'conf/valkey.conf', content: configuration(placement, options), mode: 0o600 },
      { path: 'conf/users.acl', content: users(context), mode: 0o600 },
    ],
    ports: [{ name: 'client', address: placement.address, port: clientPort(placement) }],
    limits: { cpus: placement.demand.resources.cpus, memoryMiB: options.maxMemoryMiB + redisOverheadMiB },
    stop: { signal: 'SIGTERM', graceMs: 10_000 },
    tier: 1,
    keepsData: true,
  };
}

/**
 * Every write goes to the append-only file before it is answered, so that kill -9 loses nothing; `fsync` says when it
 * reaches the disk. Snapshots are off: the file alone is the data.
 */
function configuration(placement: Placement, { maxMemoryMiB, fsync }: RedisOptions): string {
  return lines([
    `bind ${placement.address}`,
    `port ${clientPort(placement)}`,
    'aclfile "{taskDir}/conf/users.acl"',
    'dir "{dataDir}"',
    'daemonize no',
    'logfile ""',
    `maxmemory ${maxMemoryMiB}mb`,
    'maxmemory-policy noeviction',
    'appendonly yes',
    `appendfsync ${fsync}`,
    'save ""',
    'tcp-backlog 128',
    'lazyfree-lazy-user-del yes',
  ]);
}

/** Passwords stand here as SHA-256: the server never needs the words themselves. */
function users({ identity, secret }: RenderContext<RedisOptions>): string {
  const sha256 = (word: string) => `#${createHash('sha256').update(word).digest('hex')}`;
  const notForClients = '-@admin -flushall -flushdb -swapdb -shutdown -debug';
  return lines([
    `user default on ${sha256(secret('default'))} ~* &* +@all ${notForClients}`,
    `user ${redisAdminUser} on ${sha256(secret('admin'))} ~* &* +@all`,
    `user ${identityUser(identity)} on ${sha256(secret('admin'))} -@all +ping`,
  ]);
}

function clientPort({ ports }: Placement): number {
  return ports.client ?? 0;
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
