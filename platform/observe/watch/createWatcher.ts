/** The observer: watches all pipelines of a home all the time. It only reads, but for its own directory. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterDriver } from '../../cluster/driver.ts';
import { asMillraceError } from '../../errors.ts';
import type { Home } from '../../home.ts';
import { workerTask } from '../../model/controlPlane.ts';
import { name as nameShape } from '../../model/names.ts';
import type { FrameworkRecord, PipelineRecord } from '../../model/records.ts';
import type { ReadPipelines } from '../../records/records.ts';
import type { ReadQueues } from '../queues.ts';
import type { WatchEvent, Watcher } from '../watcher.ts';
import type { Acknowledging } from './books.ts';
import { ClusterEye } from './clusterEye.ts';
import type { ReadNewestDeadLetter } from './deadLetters.ts';
import { KafkaLine } from './kafkaLine.ts';
import { PipelineWatch } from './pipelineWatch.ts';
import type { ReadSecrets } from './servers.ts';
import { UnreadPipelines } from './unreadPipelines.ts';

/** The part of `Records` that the observer reads. */
export interface ReadRecords {
  readablePipelines(): ReadPipelines;
  framework(name: string): FrameworkRecord | undefined;
  frameworks(): readonly FrameworkRecord[];
}

export interface WatcherDeps {
  readonly home: Pick<Home, 'historyDir'>;
  readonly records: ReadRecords;
  readonly secrets: ReadSecrets;
  readonly driver: Pick<ClusterDriver, 'list'>;
  readonly log: (message: string) => void;
  readonly now?: () => number;
  /** From one look to the next; default 1000. */
  readonly everyMs?: number;
  /** How old events may be when they arrive, by the pipeline's objectives; default 30 s. */
  readonly freshnessMs?: (record: PipelineRecord) => number | undefined;
  readonly workflowUrl?: (record: PipelineRecord) => string | null;
  /** How many alerts of the pipeline are firing. */
  readonly alerts?: (pipeline: string) => number;
  /** Without it dead letters are told without their reason. */
  readonly newestDeadLetter?: ReadNewestDeadLetter;
  /** Without it nothing is known of queues. */
  readonly readQueues?: ReadQueues;
  readonly workerTask?: string;
}

const defaultEveryMs = 1000;
/** No pipeline has such a name. */
const observer = 'the observer';

export function createWatcher(deps: WatcherDeps): Watcher {
  return new HomeWatcher(deps);
}

class HomeWatcher implements Watcher {
  readonly #deps: WatcherDeps;
  readonly #now: () => number;
  readonly #kafka: KafkaLine;
  readonly #eye: ClusterEye;
  readonly #watches = new Map<string, PipelineWatch>();
  readonly #unread = new UnreadPipelines();
  readonly #listeners = new Set<(event: WatchEvent) => void>();
  /** Looks under way, by pipeline: one that takes long is not begun again. */
  readonly #looking = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  /** By pipeline, and of the observer itself: what was told last. */
  readonly #troubles = new Map<string, string>();

  constructor(deps: WatcherDeps) {
    this.#deps = deps;
    this.#now = deps.now ?? Date.now;
    const { records, secrets, driver } = deps;
    this.#kafka = new KafkaLine({ record: () => records.framework('kafka'), secrets, now: this.#now });
    this.#eye = new ClusterEye({
      ...{ driver, secrets, now: this.#now, workerTask: deps.workerTask ?? workerTask },
      frameworks: () => records.frameworks(),
    });
  }

  start(): void {
    if (this.#timer !== undefined) return;
    const round = () => {
      this.#round ??= this.#look().finally(() => {
        this.#round = undefined;
      });
    };
    this.#timer = setInterval(round, this.#deps.everyMs ?? defaultEveryMs);
    round();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#round;
    await Promise.all(this.#looking.values());
    await Promise.all([...this.#watches.values()].map((watch) => watch.close()));
    this.#watches.clear();
    await this.#kafka.close();
  }

  /** Begins a look at each pipeline, and does not wait for it. Never rejects. */
  async #look(): Promise<void> {
    try {
      this.#follow(this.#deps.records.readablePipelines());
      const cluster = await this.#eye.look();
      for (const [pipeline, watch] of this.#watches) {
        if (this.#looking.has(pipeline)) continue;
        const look = watch
          .look(cluster)
          .then(() => void this.#troubles.delete(pipeline))
          .catch((thrown: unknown) => {
            this.#tell(pipeline, `${pipeline}: ${reasonOf(thrown)}`);
            watch.failed(reasonOf(thrown));
          })
          .finally(() => void this.#looking.delete(pipeline));
        this.#looking.set(pipeline, look);
      }
      if (cluster.fault === undefined) this.#troubles.delete(observer);
      else this.#tell(observer, `the servers can not be asked: ${reasonOf(cluster.fault)}`);
    } catch (thrown) {
      this.#tell(observer, `the observer can not look: ${reasonOf(thrown)}`);
    }
  }

  /** The same trouble is told once, until there is another. */
  #tell(whose: string, text: string): void {
    if (text !== this.#troubles.get(whose)) this.#deps.log(text);
    this.#troubles.set(whose, text);
  }

  #follow({ records, unreadable }: ReadPipelines): void {
    const names = new Set([...records, ...unreadable].map(({ pipeline }) => pipeline));
    for (const [pipeline, watch] of this.#watches) {
      if (names.has(pipeline)) continue;
      this.#watches.delete(pipeline);
      void watch.close();
    }
    this.#forget(names);
    this.#name([...unreadable, ...records.flatMap((record) => this.#followOne(record))]);
  }

  /** Answers it with the reason where it is no record of ours after all. */
  #followOne(record: PipelineRecord): ReadPipelines['unreadable'] {
    const { pipeline } = record;
    try {
      const known = this.#watches.get(pipeline);
      if (known !== undefined) known.follow(record);
      else this.#watches.set(pipeline, this.#watch(record));
    } catch (thrown) {
      return [{ pipeline, error: asMillraceError(thrown) }];
    }
    this.#troubles.delete(recordOf(pipeline));
    return [];
  }

  /** Those that were known before are watched on as they were recorded then; of the others only that much is told. */
  #name(unreadable: ReadPipelines['unreadable']): void {
    const unread = unreadable.flatMap(({ pipeline, error }) => {
      this.#tell(recordOf(pipeline), `${pipeline}: ${error.message}`);
      const { message, next } = error.toJSON();
      const watch = this.#watches.get(pipeline);
      watch?.unread({ message, next });
      const alerts = this.#deps.alerts?.(pipeline) ?? 0;
      return watch === undefined ? [{ pipeline, message, next, alerts }] : [];
    });
    for (const { pipeline, state: to, reason } of this.#unread.see(unread, this.#now()))
      this.#emit({ kind: 'state', pipeline, from: null, to, reason });
  }

  /** What was seen of pipelines that are no more. */
  #forget(names: ReadonlySet<string>): void {
    const { historyDir } = this.#deps.home;
    for (const entry of directoriesIn(historyDir)) {
      if (names.has(entry) || !nameShape.safeParse(entry).success || this.#looking.has(entry)) continue;
      rmSync(join(historyDir, entry), { recursive: true, force: true });
    }
  }

  #watch(record: PipelineRecord): PipelineWatch {
    const { home, log, freshnessMs, workflowUrl, alerts, newestDeadLetter, readQueues } = this.#deps;
    return new PipelineWatch(record, {
      ...{ kafka: this.#kafka, now: this.#now, log },
      directory: join(home.historyDir, record.pipeline),
      emit: (event) => this.#emit(event),
      freshnessMs: freshnessMs ?? (() => undefined),
      workflowUrl: workflowUrl ?? (() => null),
      alerts: alerts ?? (() => 0),
      newestDeadLetter: newestDeadLetter ?? (async () => undefined),
      readQueues,
    });
  }

  #emit(event: WatchEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (thrown) {
        this.#tell('its listeners', `a listener of the observer failed: ${reasonOf(thrown)}`);
      }
    }
  }

  summaries() {
    return [...[...this.#watches.values()].flatMap((watch) => watch.summary() ?? []), ...this.#unread.summaries()];
  }

  summary(pipeline: string) {
    return this.#watches.get(pipeline)?.summary() ?? this.#unread.summary(pipeline);
  }

  graph(pipeline: string, atMs?: number) {
    return this.#watches.get(pipeline)?.graph(atMs);
  }

  history(pipeline: string, span: { readonly fromMs: number; readonly toMs: number; readonly points: number }) {
    const found = this.#watches.get(pipeline)?.history.read(span, this.#now());
    return { pipeline, stepMs: found?.stepMs ?? defaultEveryMs, points: found?.points ?? [] };
  }

  newest(pipeline: string) {
    return this.#watches.get(pipeline)?.newest();
  }

  ledger(pipeline: string) {
    return this.#watches.get(pipeline)?.ledger();
  }

  lag(pipeline: string) {
    return this.#watches.get(pipeline)?.lag();
  }

  faults(pipeline: string) {
    return this.#watches.get(pipeline)?.faults() ?? [];
  }

  acknowledge(pipeline: string, what: Acknowledging = {}) {
    return this.#watches.get(pipeline)?.acknowledge(what) ?? [];
  }

  on(listener: (event: WatchEvent) => void) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

/** Whose trouble it is, apart from that of its looks. */
function recordOf(pipeline: string): string {
  return `the record of ${pipeline}`;
}

function directoriesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw thrown;
  }
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
