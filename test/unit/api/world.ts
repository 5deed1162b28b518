/** A real API server on a port of its own, over a home of its own in which nothing runs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createConsoleFiles } from '../../../platform/api/consoleFiles.ts';
import type { PlatformEvent } from '../../../platform/api/contract/control.ts';
import { type Credentials, createCredentials } from '../../../platform/api/credentials.ts';
import { createEventBus, type EventBus } from '../../../platform/api/eventBus.ts';
import type { StreamBounds } from '../../../platform/api/eventStream.ts';
import { taskNamed } from '../../../platform/api/handlers/cluster.ts';
import { createHandlers } from '../../../platform/api/handlers/registry.ts';
import { followLog } from '../../../platform/api/logLines.ts';
import type { Reach } from '../../../platform/api/reach.ts';
import { type ApiServer, startApiServer } from '../../../platform/api/server.ts';
import { createProcessDriver } from '../../../platform/cluster/process/driver.ts';
import { fail } from '../../../platform/errors.ts';
import { type Home, homeAt } from '../../../platform/home.ts';
import type { Watcher } from '../../../platform/observe/watcher.ts';
import { createRecords } from '../../../platform/records/records.ts';
import { createSecrets } from '../../../platform/secrets/secrets.ts';
import { createOtlpHttp } from '../../../platform/telemetry/otlp/http.ts';
import type { TelemetryStore } from '../../../platform/telemetry/store/contract.ts';

export interface World {
  readonly home: Home;
  readonly server: ApiServer;
  readonly credentials: Credentials;
  readonly bus: EventBus;
  readonly base: string;
  /** What was handed to workflows. */
  readonly handed: unknown[];
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly streams?: Partial<StreamBounds>;
  readonly requestsPerSecond?: number;
  readonly watcher?: Partial<Watcher>;
  /** In place of what is none here; a store takes OTLP, too. */
  readonly store?: TelemetryStore;
  readonly drops?: Reach['drops'];
}

const repoRoot = fileURLToPath(new URL('../../..', import.meta.url));

export async function startWorld({ watcher, store = noStore, drops, ...options }: WorldOptions = {}): Promise<World> {
  const home = homeAt(mkdtempSync(join(tmpdir(), 'millrace-api-')));
  const page = join(home.root, 'page');
  mkdirSync(join(page, 'assets'), { recursive: true });
  writeFileSync(join(page, 'index.html'), '<!doctype html><title>console</title>');
  writeFileSync(join(page, 'assets', 'main-0a1b2c3d.js'), 'export {};');
  const bus = createEventBus(join(home.apiDir, 'events'));
  const credentials = createCredentials(home.apiDir);
  const handed: unknown[] = [];
  const driver = createProcessDriver(home);
  const reach: Reach = {
    ...{ home, cache: home.root, repoRoot, env: {}, service: 'millrace.api', driver, bus },
    ...{ records: createRecords(home), secrets: createSecrets(home.secretsDir) },
    ...{ watcher: { ...noWatcher, ...watcher }, store, workflowUrl: () => null },
    drops: drops ?? (() => []),
    alerting: { objectives: () => [], alerts: () => [] },
    handOver: async (update, kind, pipeline, request) => {
      handed.push({ update, kind, pipeline, request });
      return { operation: request.id };
    },
    cancel: async () => fail('CONTROL_PLANE_DOWN', { reason: 'a test' }),
  };
  const files = createConsoleFiles(async () => page);
  files.begin();
  const server = await startApiServer({
    ...{ port: 0, version: '0', bus, log: () => {}, credentials, handlers: createHandlers(reach), ...options },
    followLog: async (task, open) => followLog(driver, taskNamed(reach, task), open()),
    plugins: [createOtlpHttp(store, { token: credentials.bearer() })],
    consoleFile: files.serve,
  });
  const close = async () => {
    await server.close();
    rmSync(home.root, { recursive: true, force: true });
  };
  return { home, server, credentials, bus, handed, base: `http://127.0.0.1:${server.port}`, close };
}

const noWatcher: Watcher = {
  start: () => {},
  stop: async () => {},
  summaries: () => [],
  summary: () => undefined,
  graph: () => undefined,
  history: (pipeline) => ({ pipeline, stepMs: 1000, points: [] }),
  newest: () => undefined,
  ledger: () => undefined,
  faults: () => [],
  acknowledge: () => [],
  lag: () => undefined,
  on: () => () => {},
};

const noStore: TelemetryStore = {
  ...{ addSpans() {}, addMetrics() {}, addLogs() {}, flush: async () => {}, close: async () => {} },
  room: () => 1000,
  searchTraces: async () => [],
  trace: async () => undefined,
  metric: async () => [],
  metricNames: async () => [],
  searchLogs: async () => [],
  heatmap: async () => ({ fromMs: 0, stepMs: 1, latencyBoundsMs: [], counts: [], exemplars: [] }),
  stats: () => ({
    ...{ spans: 0, metricPoints: 0, logs: 0, bytes: 0, maxBytes: 0, oldestMs: null },
    ...{ retentionMs: 0, dropped: {} },
  }),
};

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Asking {
  readonly method?: string;
  readonly path?: string;
  /** As they go out: names may repeat, and Host is set by the test. */
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
}

/** With every header as given: fetch would not let a test lie about its host. */
export function ask(port: number, { method = 'GET', path = '/', headers = [], body }: Asking): Promise<Answer> {
  const named = headers.some(([name]) => name.toLowerCase() === 'host');
  const sent = named ? headers : [['Host', `127.0.0.1:${port}`] as const, ...headers];
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, headers: sent.flat(), setHost: false, agent: false };
    const asked = request(options as never, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** Logs in, and answers the cookie. */
export async function logIn({ server, credentials }: World): Promise<string> {
  const token = credentials.makeLogin(Date.now());
  const { headers } = await ask(server.port, { path: `/login?token=${token}` });
  return String(headers['set-cookie']).split(';')[0]!;
}

export interface Heard {
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

/** Reads server-sent events until `enough`; gives what came. */
export async function listen(
  url: string,
  headers: Readonly<Record<string, string>>,
  enough: (heard: readonly Heard[]) => boolean,
): Promise<readonly Heard[]> {
  const ended = new AbortController();
  const response = await fetch(url, { headers, signal: ended.signal });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  const heard: Heard[] = [];
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const frames = text.split('\n\n');
    text = frames.pop() ?? '';
    for (const frame of frames) heard.push(...heardOf(frame));
    if (enough(heard)) break;
  }
  ended.abort();
  return heard;
}

function heardOf(frame: string): Heard[] {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(frame)?.[1];
  const data = field('data');
  if (data === undefined) return [];
  const id = field('id');
  return [{ ...(id === undefined ? {} : { id }), event: field('event') ?? 'message', data: JSON.parse(data) }];
}

export const idsOf = (heard: readonly Heard[]) =>
  heard.filter(({ event }) => event === 'message').map(({ data }) => (data as PlatformEvent).id);
