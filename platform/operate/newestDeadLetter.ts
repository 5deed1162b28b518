/** The newest of a pipeline's dead letters, read with the pipeline's own login: why it could not be processed. */
import { pipelineAccess } from '../activities/access.ts';
import type { RawRecord } from '../connectors/contract.ts';
import { lookInto } from '../connectors/kafka/browse.ts';
import { deadLetterHeaders } from '../connectors/kafka/deadLetter.ts';
import { fail } from '../errors.ts';
import type { NewestDeadLetter } from '../observe/watch/deadLetters.ts';
import type { Records } from '../records/records.ts';
import type { Secrets } from '../secrets/secrets.ts';

const longestReason = 200;

/** `topics`: as Kafka knows them. Throws NOT_INSTALLED, SERVER_UNREACHABLE, WRONG_IDENTITY. */
export async function newestDeadLetter(
  deps: { readonly records: Records; readonly secrets: Secrets },
  pipeline: string,
  topics: readonly string[],
): Promise<NewestDeadLetter | undefined> {
  const access = await pipelineAccess(deps, pipeline, ['kafka']);
  const { kafka = fail('NOT_INSTALLED', { framework: 'kafka' }) } = access;
  const looks = await Promise.all(topics.map((topic) => lookInto(kafka, { topic, limit: 1 })));
  const [newest] = looks.flat().sort((one, other) => other.timestampMs - one.timestampMs);
  return newest && toldOf(newest);
}

/** Headers are written by whoever may write to the topic: one line of them, of a bounded length, which no terminal obeys. Pure. */
export function toldOf({
  topic,
  timestampMs,
  headers,
}: Pick<RawRecord, 'topic' | 'timestampMs' | 'headers'>): NewestDeadLetter {
  const text = (name: string) => {
    const value = headers[name];
    const whole = Array.isArray(value) ? value.join(' ') : (value?.toString() ?? '');
    return whole.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD').slice(0, longestReason);
  };
  const reason = [text(deadLetterHeaders.reason) || 'no reason is given', text(deadLetterHeaders.detail)];
  const stage = text(deadLetterHeaders.flow) || 'unknown';
  return { topic, atMs: timestampMs, stage: stage.replace(/^spark:/, ''), reason: reason.filter(Boolean).join(': ') };
}
