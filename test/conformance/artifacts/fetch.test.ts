/**
 * Brings in the smallest artifacts of both kinds for real, through the machine's own clients, into a private cache. Each
 * fetch runs in a process of its own, so that it can be killed and so that two can meet.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { FetchEvent } from '../../../platform/artifacts/progress.ts';
import { placeOf } from '../../../platform/artifacts/store.ts';

const room = join(import.meta.dirname, '..', '..', '..', 'platform', 'artifacts');
const slowMs = 300_000;
let cache: string;

beforeAll(() => {
  cache = mkdtempSync(join(tmpdir(), 'millrace-fetch-'));
});

afterAll(() => rmSync(cache, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));

interface Outcome {
  readonly events: readonly FetchEvent[];
  readonly result?: { readonly fetched: string[]; readonly kept: string[] };
  readonly error?: { readonly code: string; readonly message: string };
}

function startFetch(options: object = {}): ChildProcess {
  const program = `
    import { fetchArtifacts } from ${JSON.stringify(join(room, 'fetch.ts'))};
    const say = (part) => console.log(JSON.stringify(part));
    const onProgress = (event) => say({ event });
    const options = { cache: ${JSON.stringify(cache)}, only: ['valkey', 'spark-kafka'], ...${JSON.stringify(options)}, onProgress };
    await fetchArtifacts(options).then((result) => say({ result }), (error) => say({ error: error.toJSON() }));`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'ignore'] });
}

async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const lines = (await text(child.stdout!)).trim().split('\n');
  const parts = lines.map((line) => JSON.parse(line) as { event?: FetchEvent } & Omit<Outcome, 'events'>);
  const events = parts.flatMap(({ event }) => (event === undefined ? [] : [event]));
  return Object.assign({ events }, ...parts.filter(({ event }) => event === undefined));
}

const jarsOf = () => join(placeOf(cache, 'spark-kafka').directory, 'lib');

describe('fetching', () => {
  test('a fetch that is killed leaves nothing that counts as brought in', async () => {
    const child = startFetch();
    await once(child.stdout!, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    for (const name of ['valkey', 'spark-kafka'] as const) {
      const { directory } = placeOf(cache, name);
      if (existsSync(directory)) expect(existsSync(join(directory, 'manifest.json'))).toBe(true);
    }
  });

  test(
    'two at once both end well, and what the killed one left is gone',
    async () => {
      const outcomes = await Promise.all([outcomeOf(startFetch()), outcomeOf(startFetch())]);
      for (const { result, error } of outcomes) {
        expect(error).toBeUndefined();
        expect([...result!.fetched, ...result!.kept].sort()).toEqual(['spark-kafka', 'valkey']);
      }
      expect(readdirSync(jarsOf())).toHaveLength(4);
      expect(readdirSync(join(cache, 'partial'))).toEqual([]);
    },
    slowMs,
  );

  test(
    'the next one keeps all, and says the sizes',
    async () => {
      const { events, result } = await outcomeOf(startFetch({ check: 'full' }));
      expect(result?.fetched).toEqual([]);
      const kept = events.filter(({ state }) => state === 'kept');
      expect(kept.map(({ artifact }) => artifact).sort()).toEqual(['spark-kafka', 'valkey']);
      for (const { bytes } of kept) expect(bytes).toBeGreaterThan(1 << 20);
    },
    slowMs,
  );

  test(
    'truncated and altered files are refused by name, and only these are repaired',
    async () => {
      const jar = join(jarsOf(), readdirSync(jarsOf()).find((file) => file.startsWith('kafka-clients'))!);
      const { size } = statSync(jar);
      truncateSync(jar, size - 1);
      const truncated = await outcomeOf(startFetch());
      expect(truncated.error).toMatchObject({ code: 'ARTIFACT_TRUNCATED', message: expect.stringContaining(jar) });
      appendFileSync(jar, '!');
      const altered = await outcomeOf(startFetch());
      expect(altered.error).toMatchObject({ code: 'ARTIFACT_ALTERED', message: expect.stringContaining(jar) });
      const repaired = await outcomeOf(startFetch({ repair: true }));
      expect(repaired.result).toMatchObject({ fetched: ['spark-kafka'], kept: ['valkey'] });
      expect(statSync(jar).size).toBe(size);
    },
    slowMs,
  );
});
