/**
 * The control plane's own Valkey: the queue of alerts lies in it. Not the framework's, which pipelines share and which goes with
 * them. Pure rendering, and how to reach it.
 */
import type { TaskSpec } from '../cluster/driver.ts';
import type { RedisAccess } from '../connectors/config.ts';
import type { Artifacts } from '../frameworks/contract.ts';
import { redisOverheadMiB, redisPackage } from '../frameworks/redis/package.ts';
import type { Home } from '../home.ts';
import { controlLimits, redisTask } from '../model/controlPlane.ts';
import { createSecrets } from '../secrets/secrets.ts';
import { controlPorts } from './controlFile.ts';
import { controlAddress } from './tasks.ts';

const owner = 'control-redis';

/**
 * Log of writes: on disk before a write is answered, so that not even a crash of the machine loses an alert. Alerts are few.
 * noeviction (as the framework's): a full queue refuses, and the alert waits in the file of alerts.
 */
const limits = controlLimits[redisTask];
const options = { maxMemoryMiB: limits.memoryMiB - redisOverheadMiB, fsync: 'always', diskMiB: 16 } as const;

/** `secret`: the password for a name. They come into files of mode 0600, and into nothing else. */
export function renderControlRedis(
  node: string,
  port: number,
  artifacts: Artifacts,
  secret: (name: string) => string,
): TaskSpec {
  const [demand] = redisPackage.demands(options);
  const placement = {
    task: redisTask,
    node,
    address: controlAddress,
    ports: { client: port },
    demand: { ...demand!, task: redisTask, owner: { kind: 'platform', name: 'millrace' } },
  } as const;
  const context = { options, placement, placements: [placement], identity: secret('identity'), artifacts, secret };
  return { ...redisPackage.render(context), limits, tier: 0 };
}

export function controlRedisSecrets(home: Home): (name: string) => string {
  const secrets = createSecrets(home.secretsDir);
  return (name) => secrets.get(owner, name);
}

/**
 * Undefined: this home has none yet. The password is generated, so that a server that takes it is ours (`connectRedis` refuses
 * any other).
 */
export function controlRedisAccess(home: Home): RedisAccess | undefined {
  const port = controlPorts(home)?.redis;
  return port === undefined
    ? undefined
    : { host: controlAddress, port, password: controlRedisSecrets(home)('default') };
}
