/** Calls of the agent over its socket. */
import { lstatSync, realpathSync } from 'node:fs';
import { fail, MillraceError } from '../../errors.ts';
import type { Home } from '../../home.ts';
import { type AgentCalls, type Answer, agentVersion, homeHeader, type Verb, versionHeader } from './protocol.ts';

/** Not by `import`: see agent/server.ts. */
const { request } = process.getBuiltinModule('node:http');

/** Throws what the agent throws; AGENT_UNREACHABLE when it does not answer, AGENT_FOREIGN when it is not this home's. */
export async function callAgent<V extends Verb>(
  home: Home,
  verb: V,
  input: AgentCalls[V]['input'],
): Promise<AgentCalls[V]['value']> {
  checkOwner(home.agentSocket);
  const text = await post(home, verb, JSON.stringify(input));
  const answer = parse<V>(home, text);
  if ('error' in answer) throw new MillraceError(answer.error.code, answer.error.details);
  return answer.value;
}

/** The socket may lie in a directory open to all: nobody else's is talked to, since specs hold secrets. */
function checkOwner(socket: string): void {
  const found = lstatSync(socket, { throwIfNoEntry: false });
  if (!found) fail('AGENT_UNREACHABLE', { socket });
  if (found.uid !== process.getuid?.()) {
    fail('WRONG_IDENTITY', {
      endpoint: socket,
      expected: `a socket of user ${process.getuid?.()}`,
      found: `one of user ${found.uid}`,
    });
  }
}

function post(home: Home, verb: Verb, body: string): Promise<string> {
  const socketPath = home.agentSocket;
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    [homeHeader]: encodeURIComponent(realpathSync(home.root)),
    [versionHeader]: agentVersion,
  };
  return new Promise((resolve, reject) => {
    const unreachable = (cause: Error) => reject(new MillraceError('AGENT_UNREACHABLE', { socket: socketPath }, cause));
    const call = request({ socketPath, path: `/${verb}`, method: 'POST', headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => resolve(Buffer.concat(parts).toString('utf8')));
      response.on('error', unreachable);
    });
    call.on('error', unreachable);
    call.end(body);
  });
}

function parse<V extends Verb>(home: Home, text: string): Answer<V> {
  try {
    return JSON.parse(text) as Answer<V>;
  } catch (cause) {
    fail(
      'WRONG_IDENTITY',
      { endpoint: home.agentSocket, expected: agentVersion, found: 'something that does not speak JSON' },
      cause,
    );
  }
}
