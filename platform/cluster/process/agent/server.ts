/** The agent's side of protocol.ts. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { asMillraceError, fail } from '../../../errors.ts';
import {
  type AgentCalls,
  type AgentIdentity,
  agentVersion,
  homeHeader,
  type Verb,
  versionHeader,
} from '../protocol.ts';
import type { Supervisor } from './supervisor.ts';

/** Through `process.getBuiltinModule`: an `import` of it reads its every export, which loads a web socket client (11 MiB, 40 ms of CPU). */
const { createServer } = process.getBuiltinModule('node:http');

const bodyMaxBytes = 64 * 1024 * 1024;

type Handlers = {
  readonly [V in Verb]: (input: AgentCalls[V]['input']) => AgentCalls[V]['value'] | Promise<AgentCalls[V]['value']>;
};

/** `end` is called after the answer to `shutdown` has left. Bodies hold secrets and are never logged. */
export function createAgentServer(
  supervisor: Supervisor,
  identity: AgentIdentity,
  socket: string,
  end: () => void,
): Server {
  const handlers = handlersOf(supervisor, identity);
  const server = createServer((request, response) => {
    const verb = (request.url ?? '').slice(1);
    answer(handlers, identity, socket, verb, request)
      .then((value) => send(response, 200, { value: value ?? null }))
      .catch((thrown) => send(response, 409, { error: asMillraceError(thrown).toJSON() }));
    if (verb === 'shutdown') response.once('close', end);
  });
  // A stop takes as long as the task's grace.
  server.requestTimeout = 0;
  return server;
}

function handlersOf(supervisor: Supervisor, identity: AgentIdentity): Handlers {
  return {
    identity: () => identity,
    capabilities: () => supervisor.capabilities,
    launch: (spec) => supervisor.launch(spec),
    stop: ({ id }) => supervisor.stop(id),
    resume: ({ id }) => supervisor.resume(id),
    status: ({ id }) => supervisor.status(id),
    list: () => supervisor.list(),
    refused: () => supervisor.refused(),
    remove: ({ id, data }) => supervisor.remove(id, { data }),
    takenPorts: ({ address }) => [...supervisor.takenPorts(address)],
    startAll: () => supervisor.startAll(),
    stopAll: () => supervisor.stopAll(),
    shutdown: () => identity,
  };
}

async function answer(
  handlers: Handlers,
  identity: AgentIdentity,
  socket: string,
  verb: string,
  request: IncomingMessage,
): Promise<unknown> {
  const body = await bodyOf(request);
  if (!Object.hasOwn(handlers, verb))
    fail('INVALID_ARGUMENT', { reason: `The agent has no verb "${verb}".`, command: 'up' });
  const version = String(request.headers[versionHeader]);
  const home = decodeURIComponent(String(request.headers[homeHeader]));
  if (verb !== 'identity' && (version !== agentVersion || home !== identity.home)) {
    const found = `${identity.version} of ${identity.home}`;
    fail('AGENT_FOREIGN', { pid: identity.pid, socket, found, expected: `${version} of ${home}` });
  }
  const handler = handlers[verb as Verb] as (input: unknown) => unknown;
  return handler(JSON.parse(body));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > bodyMaxBytes)
      fail('INVALID_ARGUMENT', { reason: `A task's spec is larger than ${bodyMaxBytes} bytes.`, command: 'deploy' });
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(body));
}
