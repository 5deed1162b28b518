/** Answers of the ingress, the good and the bad, always JSON. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { IngressFault } from './fault.ts';
import { drainRefused, mustClose } from './requestBody.ts';

export interface Answering {
  /** 202 `{accepted, ids}`. */
  accept(response: ServerResponse, ids: readonly string[]): void;
  /** The fault's status and error, with Retry-After where it names a time. */
  refuse(request: IncomingMessage, response: ServerResponse, fault: IngressFault): void;
}

export function createAnswering(server: Server): Answering {
  function reply(response: ServerResponse, statusCode: number, body: string): void {
    // A connection that stays open would keep a server that is stopping from ending.
    if (!server.listening) response.setHeader('connection', 'close');
    response.writeHead(statusCode, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  }
  return {
    accept: (response, ids) => reply(response, 202, JSON.stringify({ accepted: ids.length, ids })),
    refuse(request, response, fault) {
      if (fault.retryAfterSeconds !== undefined) response.setHeader('retry-after', fault.retryAfterSeconds);
      if (fault.code === 'METHOD_NOT_ALLOWED') response.setHeader('allow', 'POST');
      if (mustClose(request)) response.setHeader('connection', 'close');
      reply(response, fault.statusCode, fault.body());
      drainRefused(request);
    },
  };
}

/** The fault itself; anything else that was thrown is a defect of ours, logged with its stack and answered 500. */
export function asFault(thrown: unknown, log: (message: string) => void): IngressFault {
  if (thrown instanceof IngressFault) return thrown;
  log(`defect: ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
  return new IngressFault('INTERNAL', { reason: 'the ingress met a defect of its own' });
}
