/** Reads a request's body up to a bound, keeping account of the bytes that all requests hold at once. */
import type { IncomingMessage } from 'node:http';
import { IngressFault, unavailable } from './fault.ts';

/** Bytes of bodies held in memory by one process. */
export interface BodyBudget {
  readonly maxBytes: number;
  usedBytes: number;
}

/** An answer to a body that is too large closes the connection once this time has passed, so that it can be read first. */
const lingerMs = 500;
/** A refused body up to this size is read and thrown away, and the connection stays. */
const maxDrainedBytes = 256 * 1024;

function announcedBytes(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? Number.NaN);
}

/** Throws EVENT_TOO_LARGE when the head alone says so. */
export function checkAnnouncedSize(request: IncomingMessage, maxBytes: number, what: string): void {
  if (announcedBytes(request) > maxBytes) throw new IngressFault('EVENT_TOO_LARGE', { what, maxBytes });
}

/**
 * The whole body, in one piece; copied only when it came in several chunks. The caller gives its bytes back to the budget
 * when it is done with them. Rejects with EVENT_TOO_LARGE as soon as the bound is passed, with INGRESS_UNAVAILABLE when the budget is used up, and with `undefined` when the client went away.
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  budget: BodyBudget,
  what: string,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let ended = false;
    function refuse(reason: unknown): void {
      if (ended) return;
      ended = true;
      budget.usedBytes -= bytes;
      request.off('data', onData);
      reject(reason);
    }
    function onData(chunk: Buffer): void {
      bytes += chunk.length;
      budget.usedBytes += chunk.length;
      if (bytes > maxBytes) refuse(new IngressFault('EVENT_TOO_LARGE', { what, maxBytes }));
      else if (budget.usedBytes > budget.maxBytes) refuse(unavailable('too many events are on their way'));
      else chunks.push(chunk);
    }
    request.on('data', onData);
    request.once('end', () => {
      if (ended) return;
      ended = true;
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    });
    request.once('error', () => refuse(undefined));
    request.once('close', () => {
      if (!request.complete) refuse(undefined);
    });
  });
}

/** Whether the connection must go after a refusal: the client is still sending more than is worth reading. */
export function mustClose(request: IncomingMessage): boolean {
  return !request.complete && !(announcedBytes(request) <= maxDrainedBytes);
}

/** Reads what is left of a refused body and throws it away; ends the connection where `mustClose` says so. */
export function drainRefused(request: IncomingMessage): void {
  if (request.complete) return;
  request.resume();
  if (!mustClose(request)) return;
  const timer = setTimeout(() => request.socket.destroy(), lingerMs);
  request.socket.once('close', () => clearTimeout(timer));
}
