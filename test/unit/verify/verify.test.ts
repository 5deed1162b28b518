/** Verification against a pipeline of a few lines that can lose, repeat, delay and refuse on demand. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { verifySpec } from '../../../platform/model/blueprint.ts';
import { recheckVerify, runVerify, type VerifyProgress, verifyFailure } from '../../../platform/verify/verify.ts';
import { differences, documentedShapes } from '../cli/documented.ts';

const verify = verifySpec.parse({
  ingressService: 'ingress',
  apiService: 'api',
  eventType: 'flight',
  event: { origin: '{mark}', note: '{eventId}', delay: 7 },
  readBackPath: '/flights/{eventId}',
  countPath: '/verify/{mark}',
});

interface Stored {
  readonly type: string;
  readonly data: { origin: string; note: string; delay: number };
  count: number;
}

/** Ingress and API in one server. Each hook may be replaced by a test. */
class Pipeline {
  readonly stored = new Map<string, Stored>();
  refuse: (response: ServerResponse) => boolean = () => false;
  keeps: (id: string) => boolean = () => true;
  countsOf: (id: string) => number = () => 1;
  apiDown: () => boolean = () => false;
  /** Of a batch that is refused: which of its events are stored all the same. */
  keepsUnanswered: (index: number) => boolean = () => false;
  /** Stored and counted, but not to be read yet. */
  hides: (id: string) => boolean = () => false;
  requests = 0;
  readonly server: Server = createServer((request, response) => void this.#answer(request, response));

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += chunk;
    this.requests += 1;
    if (request.method === 'POST') this.#take(JSON.parse(body), response);
    else if (this.apiDown()) request.socket.destroy();
    else this.#read(decodeURIComponent(request.url!), response);
  }

  #take(events: { id: string; type: string; data: Stored['data'] }[], response: ServerResponse): void {
    const isRefused = this.refuse(response);
    for (const [index, { id, type, data }] of events.entries()) {
      if (isRefused ? this.keepsUnanswered(index) : this.keeps(id))
        this.stored.set(id, { type, data, count: this.countsOf(id) });
    }
    if (isRefused) return;
    response.writeHead(202).end(JSON.stringify({ accepted: events.length, ids: events.map((event) => event.id) }));
  }

  #read(url: string, response: ServerResponse): void {
    const [, kind, name] = url.split('/');
    if (kind === 'flights') response.writeHead(this.stored.has(name!) && !this.hides(name!) ? 200 : 404).end('{}');
    else {
      const counted = [...this.stored.values()].filter((event) => event.data.origin === name);
      response.writeHead(200).end(JSON.stringify({ count: counted.reduce((sum, event) => sum + event.count, 0) }));
    }
  }
}

let pipeline: Pipeline;
let verifyDir: string;
beforeEach(async () => {
  pipeline = new Pipeline();
  await new Promise<void>((resolve) => pipeline.server.listen(0, '127.0.0.1', resolve));
  verifyDir = await mkdtemp(join(tmpdir(), 'millrace-verify-'));
});
afterEach(async () => {
  pipeline.server.close();
  pipeline.server.closeAllConnections();
  await rm(verifyDir, { recursive: true });
});

function run(over: Partial<Parameters<typeof runVerify>[0]> = {}) {
  const [ingressUrl, apiUrl] = [pipeline.url, pipeline.url];
  const rates = { events: 300, ratePerSecond: 3000, timeoutSeconds: 30 };
  return runVerify({ pipeline: 'flight-delays', verify, ingressUrl, apiUrl, ...rates, verifyDir, ...over });
}

describe('verify', () => {
  test('finds every event in a pipeline that works', async () => {
    const progress: VerifyProgress[] = [];
    const result = await run({ onProgress: (step) => progress.push(step) });
    expect(result).toMatchObject({
      sent: 300,
      acknowledged: 300,
      read: 300,
      lost: 0,
      duplicated: 0,
      counted: 300,
      ok: true,
    });
    expect(result.samples).toBeGreaterThan(0);
    expect(result.latencyMs!.p50).toBeLessThanOrEqual(result.latencyMs!.p99);
    expect(verifyFailure(result, 30)).toBeUndefined();
    expect(differences(documentedShapes('verify')[0]!, result)).toEqual([]);
    expect(progress.map((step) => step.phase).filter((phase, i, all) => phase !== all[i - 1])).toEqual([
      'sending',
      'reading',
      'counting',
    ]);
    expect(pipeline.stored.get(result.tracedEventId)).toMatchObject({
      type: 'flight',
      data: { origin: result.mark, note: result.tracedEventId, delay: 7 },
    });
  });

  test('tells which acknowledged events were lost', async () => {
    pipeline.keeps = (id) => !id.endsWith('-42') && !id.endsWith('-7');
    const result = await run({ timeoutSeconds: 2 });
    expect(result).toMatchObject({ acknowledged: 300, read: 298, lost: 2, countMissing: 2, ok: false });
    expect([...result.missingIds].sort()).toEqual([`verify-${result.mark}-42`, `verify-${result.mark}-7`]);
    const failure = verifyFailure(result, 2)!;
    expect([failure.code, failure.exitCode]).toEqual(['VERIFY_LOST', 6]);
    expect(failure.message).toContain('Of 300 acknowledged events of "flight-delays" 2 could not be read back');
    expect(failure.toJSON().meaning).toContain(`verify-${result.mark}-42`);
  });

  test('counts duplicates', async () => {
    pipeline.countsOf = (id) => (id.endsWith('-3') ? 3 : 1);
    expect(await run({ events: 20 })).toMatchObject({ lost: 0, duplicated: 2, counted: 22, ok: false });
  });

  test('an ingress that refuses, breaks and does not say why is asked again under the same ids', async () => {
    let attempts = 0;
    pipeline.refuse = (response) => {
      attempts += 1;
      if (attempts === 1) response.writeHead(429, { 'retry-after': '0' }).end('{"message":"too fast"}');
      else if (attempts === 2) response.writeHead(503).end();
      else if (attempts === 3) response.socket!.destroy();
      else return false;
      return true;
    };
    const result = await run();
    expect(result).toMatchObject({ acknowledged: 300, retries: 3, ok: true });
    expect(pipeline.stored.size).toBe(300);
  });

  test('an API that is away for a while is asked again', async () => {
    let asked = 0;
    pipeline.apiDown = () => asked++ < 40;
    expect(await run({ events: 50 })).toMatchObject({ read: 50, ok: true });
  });

  test('an ingress that takes nothing ends the run, with its reason', async () => {
    pipeline.refuse = (response) => {
      response.writeHead(503, { 'retry-after': '0' }).end('{"message":"Kafka is not there"}');
      return true;
    };
    await expect(run({ timeoutSeconds: 0.2 })).rejects.toMatchObject({
      code: 'VERIFY_NOTHING_ACCEPTED',
      message: expect.stringContaining('Kafka is not there'),
    });
  });

  test("an event that the ingress finds invalid is the blueprint's fault", async () => {
    pipeline.refuse = (response) => {
      response.writeHead(400).end('{"message":"no gate","details":{"path":"/0/data/gate"}}');
      return true;
    };
    await expect(run()).rejects.toMatchObject({ code: 'INVALID_BLUEPRINT', details: { path: 'verify.event' } });
  });
});

describe('events of unknown end', () => {
  /** From its second batch on, the ingress stores `keeps` of what it gets, and never answers. */
  function breakAfterFirstBatch(keeps: number): void {
    let batches = 0;
    pipeline.refuse = (response) => {
      if (batches++ === 0) return false;
      response.socket!.destroy();
      return true;
    };
    pipeline.keepsUnanswered = (index) => batches > 1 && index < keeps;
  }
  const options = { events: 40, ratePerSecond: 200, timeoutSeconds: 2 };

  test('that were stored count once, and are no duplicates', async () => {
    breakAfterFirstBatch(4);
    expect(await run(options)).toMatchObject({
      ...{ sent: 20, acknowledged: 10, unacknowledged: 10, unacknowledgedRead: 4 },
      ...{ counted: 14, lost: 0, duplicated: 0, countMissing: 0, ok: true },
    });
  }, 30_000);

  test('that were not stored hide no duplicate', async () => {
    breakAfterFirstBatch(0);
    pipeline.countsOf = (id) => (id.endsWith('-3') ? 3 : 1);
    expect(await run(options)).toMatchObject({
      ...{ acknowledged: 10, unacknowledged: 10, unacknowledgedRead: 0, counted: 12, duplicated: 2, ok: false },
    });
  }, 30_000);

  test('that are counted before they can be read are waited for', async () => {
    breakAfterFirstBatch(4);
    let asked = 0;
    pipeline.hides = (id) => Number(id.split('-').at(-1)) >= 10 && asked++ < 4;
    expect(await run({ ...options, timeoutSeconds: 4 })).toMatchObject({
      unacknowledgedRead: 4,
      duplicated: 0,
      ok: true,
    });
  }, 30_000);
});

describe('a recorded run', () => {
  const recheck = (mark: string, timeoutSeconds = 1) =>
    recheckVerify({ mark, apiUrl: pipeline.url, timeoutSeconds, verifyDir });

  test('is checked again, and what was lost meanwhile is found', async () => {
    const { mark } = await run({ events: 60 });
    expect(await recheck(mark)).toMatchObject({ mark, acknowledged: 60, read: 60, lost: 0, ok: true, latencyMs: null });
    pipeline.stored.delete(`verify-${mark}-5`);
    expect(await recheck(mark)).toMatchObject({
      lost: 1,
      countMissing: 1,
      missingIds: [`verify-${mark}-5`],
      ok: false,
    });
  });

  test('that a crash cut short holds what was acknowledged before', async () => {
    const { mark } = await run({ events: 60 });
    const file = join(verifyDir, `${mark}.ndjson`);
    const lines = (await readFile(file, 'utf8')).split('\n');
    await writeFile(file, `${lines[0]}\n${lines[1]}\n{"acknowledged":["verify-`);
    const acknowledged = JSON.parse(lines[1]!).acknowledged.length;
    expect(await recheck(mark)).toMatchObject({ sent: 60, acknowledged, unacknowledged: 60 - acknowledged, lost: 0 });
  });

  test.each([
    ['an unknown mark', 'm0', undefined, 'UNKNOWN_VERIFY_RUN'],
    ['a mark that is a path', '../m0', undefined, 'UNKNOWN_VERIFY_RUN'],
    ['a foreign file', 'm1', '{"format":"x"}\n', 'FOREIGN_STATE'],
    ['a broken file', 'm2', '{"format":\n{}\n', 'CORRUPT_STATE'],
    ['an empty file', 'm3', '', 'FOREIGN_STATE'],
  ])('%s is refused by name', async (_, mark, text, code) => {
    if (text !== undefined) await writeFile(join(verifyDir, `${mark}.ndjson`), text);
    await expect(recheck(mark)).rejects.toMatchObject({ code });
  });
});
