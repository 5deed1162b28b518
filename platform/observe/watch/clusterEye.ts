/** What all pipelines share: the agent's tasks, and what stands of the servers. Each look goes on with what is known. */
import type { ClusterDriver, TaskStatus } from '../../cluster/driver.ts';
import type { FrameworkRecord } from '../../model/records.ts';
import type { FrameworkFact } from './flowState.ts';
import { within } from './kafkaLine.ts';
import { type ReadSecrets, type Statuses, seeServers } from './servers.ts';

export interface ClusterSight {
  /** Undefined: no agent answers. */
  readonly statuses: Statuses;
  /** Whether the platform worker runs, which carries operations out. */
  readonly worker: boolean;
  readonly frameworks: ReadonlyMap<string, FrameworkFact>;
  /** Why the servers could not be asked, so that `frameworks` is of an earlier look; undefined: they could. */
  readonly fault?: unknown;
}

export interface ClusterEyeOptions {
  readonly driver: Pick<ClusterDriver, 'list'>;
  readonly frameworks: () => readonly FrameworkRecord[];
  readonly secrets: ReadSecrets;
  readonly now: () => number;
  /** Task of the platform worker. */
  readonly workerTask: string;
}

const agentWithinMs = 3000;
const serversEveryMs = 5000;

export class ClusterEye {
  readonly #options: ClusterEyeOptions;
  #statuses: ReadonlyMap<string, TaskStatus> | undefined;
  #frameworks = new Map<string, FrameworkFact>();
  #asking: Promise<void> | undefined;
  #askingServers: Promise<void> | undefined;
  #serversMs = 0;
  #fault: unknown;

  constructor(options: ClusterEyeOptions) {
    this.#options = options;
  }

  /** Waits for the agent's answer, or three seconds; not for the servers, but for the first time. */
  async look(): Promise<ClusterSight> {
    this.#asking ??= this.#askAgent().finally(() => {
      this.#asking = undefined;
    });
    await this.#asking;
    const first = this.#serversMs === 0;
    // Also after a clock that was set back.
    if (Math.abs(this.#options.now() - this.#serversMs) >= serversEveryMs) {
      this.#askingServers ??= this.#askServers()
        .then(() => {
          this.#fault = undefined;
        })
        .catch((thrown: unknown) => {
          this.#fault = thrown;
        })
        .finally(() => {
          this.#askingServers = undefined;
        });
      if (first) await this.#askingServers;
    }
    const { frameworks, fault } = { frameworks: this.#frameworks, fault: this.#fault };
    return { statuses: this.#statuses, worker: this.#worker(), frameworks, ...(fault === undefined ? {} : { fault }) };
  }

  #worker(): boolean {
    return this.#statuses?.get(this.#options.workerTask)?.phase === 'running';
  }

  async #askAgent(): Promise<void> {
    const tasks = await within(agentWithinMs, this.#options.driver.list()).catch(() => undefined);
    this.#statuses = tasks && new Map(tasks.map((task) => [task.id, task]));
  }

  async #askServers(): Promise<void> {
    const { frameworks, secrets, now } = this.#options;
    this.#serversMs = now();
    const control = { agent: this.#statuses !== undefined, worker: this.#worker() };
    const seen = await Promise.all(frameworks().map((record) => seeServers(record, this.#statuses, secrets, control)));
    this.#frameworks = new Map(seen.map(({ fact }) => [fact.framework, fact]));
  }
}
