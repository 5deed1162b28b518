/** Alerting, or what stands in its place where its list can't be read: everything else goes on, and whoever asks for alerts is told why. */
import { controlRedisAccess } from '../control/redis.ts';
import { asMillraceError } from '../errors.ts';
import type { Home } from '../home.ts';
import { type Alerting, createAlerting } from '../jobs/alerting.ts';

export function openAlerting(home: Home, log: (message: string) => void): Alerting {
  try {
    const connectionOfControlRedis = () => controlRedisAccess(home);
    return createAlerting({ home, connectionOfControlRedis, now: Date.now, log });
  } catch (thrown) {
    const error = asMillraceError(thrown);
    log(`there are no alerts: ${error.message}`);
    const refuse = () => {
      throw error;
    };
    return {
      ...{ start() {}, stop: async () => {}, observe() {}, forget() {}, keepOnly() {} },
      ...{ alerts: refuse, objectives: refuse, firing: () => 0, on: () => () => {}, waitingFor: () => error.message },
    };
  }
}
