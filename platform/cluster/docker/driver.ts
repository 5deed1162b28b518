/** The Docker driver: tasks as containers of an engine on this machine, nodes as network namespaces of it. */
import { fail } from '../../errors.ts';
import type { Home } from '../../home.ts';
import type { LedgerEntry } from '../../model/ledger.ts';
import { loadCluster } from '../cluster-file.ts';
import type { ClusterDriver, TaskStatus } from '../driver.ts';
import type { TaskRecord } from '../tasks/records.ts';
import { writeRecord } from '../tasks/records.ts';
import { type Around, pathsOf } from './around.ts';
import type { Share } from './container.ts';
import type { Engine } from './engine.ts';
import { followOf, tailOf } from './logs.ts';
import { namesOf } from './names.ts';
import { removeNetwork } from './network.ts';
import { removeNodes, stopNodes } from './nodes.ts';
import { takenOn } from './ports.ts';
import { statusOfAll, statusOfTask } from './seen.ts';
import { endTask, forgetTask, holdersOf, knownTasks, launchTask, recordOf, startTask } from './tasks.ts';
import { inTurn } from './turns.ts';

export interface DockerOptions {
  readonly home: Home;
  readonly engine: Engine;
  /** What nodes and tasks run in. */
  readonly image: string;
  readonly shares: readonly Share[];
}

/** Every call throws ENGINE_UNREACHABLE when no engine answers, except `nodes`, `takenPorts`, `refused` and `paths`, which need none. */
export function createDockerDriver({ home, engine, image, shares }: DockerOptions): ClusterDriver {
  const around: Around = { home, engine, names: namesOf(home), image, shares, nodes: () => loadCluster(home).nodes };
  const turn = inTurn();
  const known = (id: string): TaskRecord =>
    recordOf(around, id) ??
    fail('UNKNOWN_TASK', { task: id, known: knownTasks(around).records.map(({ spec }) => spec.id) });
  const now = (id: string): Promise<TaskStatus> => statusOfTask(around, known(id));
  const save = (record: TaskRecord) => writeRecord(pathsOf(around, record.spec.id), record);

  return {
    name: 'docker',
    // CPU shares weigh under contention, and are no ceiling: nodes offer more CPU than there is.
    capabilities: async () => ({ memoryLimit: 'enforced', cpuLimit: 'advisory', sharedPorts: true }),
    nodes: async () => around.nodes(),
    takenPorts: async (address) => takenOn(address, holdersOf(knownTasks(around).records)),
    launch: (spec) =>
      turn(spec.id, async () => {
        await launchTask(around, spec);
        return await now(spec.id);
      }),
    stop: (id) =>
      turn(id, async () => {
        const record = known(id);
        if (record.desired !== 'stopped') save({ ...record, desired: 'stopped' });
        await endTask(around, id);
        return await now(id);
      }),
    resume: (id) =>
      turn(id, async () => {
        const record = known(id);
        save({ ...record, desired: 'running', suspended: false });
        if (record.complete) await startTask(around, record.spec, record.specHash);
        return await now(id);
      }),
    async status(id) {
      const record = recordOf(around, id);
      return record && (await statusOfTask(around, record));
    },
    list: () => statusOfAll(around, knownTasks(around).records),
    refused: async () => knownTasks(around).refused.map(({ id, error }) => ({ id, error: error.toJSON() })),
    startAll: () => startAll(around, save),
    stopAll: () => stopAll(around, save),
    remove: (id, { data }) => turn(id, () => forgetTask(around, id, data)),
    async tail(id, lines) {
      known(id);
      return await tailOf(engine, around.names.task(id), lines);
    },
    async *follow(id, signal) {
      known(id);
      yield* followOf(engine, around.names.task(id), signal);
    },
    paths(id) {
      const { taskDir, dataDir, logDir } = pathsOf(around, id);
      return { taskDir, dataDir, logDir };
    },
    async dismantle() {
      const nodes = await removeNodes(engine, around.names);
      return [...nodes, ...(await removeNetwork(engine, around.names))];
    },
  };
}

type Save = (record: TaskRecord) => void;

async function startAll(around: Around, save: Save): Promise<readonly TaskStatus[]> {
  const { records } = knownTasks(around);
  for (const tier of tiersOf(records)) {
    const wanted = tier.filter(({ desired, complete }) => desired === 'running' && complete);
    await Promise.all(
      wanted.map(async (record) => {
        if (record.suspended) save({ ...record, suspended: false });
        await startTask(around, record.spec, record.specHash);
      }),
    );
  }
  return await statusOfAll(around, knownTasks(around).records);
}

/** What each was meant to be stays: only `suspended` is set, before anything is ended. */
async function stopAll(around: Around, save: Save): Promise<readonly LedgerEntry[]> {
  const { records } = knownTasks(around);
  for (const record of records) if (!record.suspended) save({ ...record, suspended: true });
  const ended: LedgerEntry[] = [];
  for (const tier of tiersOf(records).reverse()) {
    const entries = tier.map(async ({ spec }) => {
      if (!(await endTask(around, spec.id))) return [];
      const owner = `${spec.owner.kind} ${spec.owner.name}`;
      const ports = spec.ports.map(({ address, port }) => ({
        kind: 'port' as const,
        name: `${address}:${port}`,
        owner,
      }));
      return [{ kind: 'container' as const, name: around.names.task(spec.id), owner }, ...ports];
    });
    ended.push(...(await Promise.all(entries)).flat());
  }
  return [...ended, ...(await stopNodes(around.engine, around.names))];
}

/** Lowest tier first. */
function tiersOf(records: readonly TaskRecord[]): TaskRecord[][] {
  const tiers = Map.groupBy(records, ({ spec }) => spec.tier);
  return [...tiers].sort(([a], [b]) => a - b).map(([, tier]) => tier);
}
