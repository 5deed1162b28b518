/** Records of pipelines and frameworks on disk (model/records.ts): read by everyone, written by activities only. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { asMillraceError, type MillraceError } from '../errors.ts';
import type { Home } from '../home.ts';
import { name as nameShape, pipelineName } from '../model/names.ts';
import { checkFrameworkRecord, checkPipelineRecord } from '../model/recordChecks.ts';
import type { FrameworkRecord, PipelineRecord } from '../model/records.ts';
import { readState, writeState } from '../state-files.ts';

export interface UnreadableRecord {
  readonly pipeline: string;
  /** CORRUPT_STATE, FOREIGN_STATE or STATE_UNAVAILABLE; it names the file and the remedy. */
  readonly error: MillraceError;
}
export interface ReadPipelines {
  readonly records: readonly PipelineRecord[];
  readonly unreadable: readonly UnreadableRecord[];
}

/** Whatever reads throws CORRUPT_STATE, naming the file, where the content is not that of a record; FOREIGN_STATE likewise. */
export interface Records {
  pipeline(name: string): PipelineRecord | undefined;
  /** The record as it was written for `revision`, with that revision's plan. */
  pipelineRevision(name: string, revision: number): PipelineRecord | undefined;
  pipelines(): readonly PipelineRecord[];
  /**
   * For who only looks: each record by itself, so that one that can't be read is named and hides no other. Whoever decides by what is
   * recorded (what has which port) asks `pipelines`, which refuses then.
   */
  readablePipelines(): ReadPipelines;
  writePipeline(record: PipelineRecord): void;
  removePipeline(name: string): void;
  framework(name: string): FrameworkRecord | undefined;
  frameworks(): readonly FrameworkRecord[];
  writeFramework(record: FrameworkRecord): void;
  removeFramework(name: string): void;
}

export function createRecords(home: Home): Records {
  // Checked here, too: what is written and removed under a name stays within the home, whoever asks.
  const directoryOf = (name: string) => join(home.pipelinesDir, pipelineName(name));
  const pipelineFile = (name: string) => join(directoryOf(name), 'pipeline.json');
  const revisionFile = (name: string, revision: number) => join(directoryOf(name), `revision-${revision}.json`);
  const frameworkFile = (name: string) => join(home.frameworksDir, `${nameShape.parse(name)}.json`);
  const pipeline = (name: string) => readPipeline(name, pipelineFile(name));
  const framework = (name: string) =>
    readState<FrameworkRecord>(frameworkFile(name), 'millrace/framework/1', (value) =>
      checkFrameworkRecord(value, name),
    );
  return {
    pipeline,
    pipelineRevision: (name, revision) => readPipeline(name, revisionFile(name, revision)),
    pipelines: () => namesIn(home.pipelinesDir, '').flatMap((name) => pipeline(name) ?? []),
    readablePipelines: () => readEach(namesIn(home.pipelinesDir, ''), pipeline),
    writePipeline(record) {
      writeState(revisionFile(record.pipeline, record.revision), record);
      writeState(pipelineFile(record.pipeline), record);
    },
    removePipeline: (name) => rmSync(directoryOf(name), { recursive: true, force: true }),
    framework,
    frameworks: () => namesIn(home.frameworksDir, '.json').flatMap((name) => framework(name) ?? []),
    writeFramework: (record) => writeState(frameworkFile(record.framework), record),
    removeFramework: (name) => rmSync(frameworkFile(name), { force: true }),
  };
}

/** The names of all of them. */
export function namesOf({ records, unreadable }: ReadPipelines): readonly string[] {
  return [...records, ...unreadable].map(({ pipeline }) => pipeline).sort();
}

function readEach(names: readonly string[], read: (name: string) => PipelineRecord | undefined): ReadPipelines {
  const records: PipelineRecord[] = [];
  const unreadable: UnreadableRecord[] = [];
  for (const pipeline of names) {
    try {
      records.push(...[read(pipeline) ?? []].flat());
    } catch (thrown) {
      unreadable.push({ pipeline, error: asMillraceError(thrown) });
    }
  }
  return { records, unreadable };
}

function readPipeline(name: string, file: string): PipelineRecord | undefined {
  return readState<PipelineRecord>(file, 'millrace/pipeline/1', (value) => checkPipelineRecord(value, name));
}

function namesIn(directory: string, ending: string): string[] {
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith(ending));
    const bare = names.map((name) => name.slice(0, name.length - ending.length));
    return bare.filter((name) => nameShape.safeParse(name).success).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
