/** Where the stages of a task keep the journals of their ledgers. */
import { join } from 'node:path';
import type { Journal } from '../telemetry/conservation/journal.ts';
import { journalFor } from '../telemetry/conservation/journalFor.ts';
import type { NodeTaskConfig } from './config.ts';
import type { Log } from './contract.ts';

export function stageJournal({ dataDir }: NodeTaskConfig, stage: string, log: Log): Journal {
  return journalFor(join(dataDir, 'conservation', `${stage}.ndjson`), { log });
}
