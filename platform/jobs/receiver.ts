/** A receiver of alerts for trying: checks what comes as any receiver should, and tells it. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { z } from 'zod';
import { alertFacts } from '../api/contract/pipelines.ts';
import { refusalOf } from './signature.ts';

const eventShape = z.object({
  specversion: z.literal('1.0'),
  id: z.string(),
  type: z.literal('millrace.alert'),
  time: z.string(),
  data: alertFacts,
});
export type ReceivedEvent = z.infer<typeof eventShape>;

export interface Received {
  readonly event: ReceivedEvent;
  /** It came before, under the same id: an attempt whose answer was lost. */
  readonly isRepeated: boolean;
}

export interface ReceiverOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Asked for each request: the secret may be made after the receiver has begun. */
  readonly secret: () => string;
  readonly now: () => number;
  readonly received: (received: Received) => void;
  readonly refused: (reason: string) => void;
}

const maxBytes = 65_536;
/** Ids that are remembered. */
const keptIds = 1000;

/** Listens on loopback. Rejects when the port can't be had. */
export function startReceiver(options: ReceiverOptions): Promise<Server> {
  const seen = new Set<string>();
  const server = createServer((request, response) => {
    take(request, options, seen).then(
      (status) => response.writeHead(status).end(),
      () => response.writeHead(400).end(),
    );
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', () => resolve(server));
  });
}

/** The status to answer with. */
async function take(request: IncomingMessage, options: ReceiverOptions, seen: Set<string>): Promise<number> {
  if (request.method !== 'POST') return 405;
  const body = await bodyOf(request);
  if (body === undefined) return 413;
  const refusal = refusalOf(options.secret(), request.headers, body, options.now());
  if (refusal !== undefined) {
    options.refused(refusal);
    return 401;
  }
  const parsed = eventShape.safeParse(JSON.parse(body));
  if (!parsed.success || parsed.data.id !== request.headers['webhook-id']) {
    options.refused('it is no alert of Millrace');
    return 400;
  }
  const event = parsed.data;
  options.received({ event, isRepeated: seen.has(event.id) });
  seen.add(event.id);
  const [oldest] = seen;
  if (seen.size > keptIds && oldest !== undefined) seen.delete(oldest);
  return 204;
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
