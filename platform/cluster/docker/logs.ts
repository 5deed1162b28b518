/** A task's output, as the engine keeps it. */
import { PassThrough } from 'node:stream';
import { asked, type Engine } from './engine.ts';

/** Longest answer of `tailOf`: that of the other drivers. */
const tailMaxBytes = 8 * 1024 * 1024;
/** Stream (1 byte), three zeros, length (4 bytes, big-endian): before each part of the output (Engine API, "attach"). */
const headerBytes = 8;

/** The newest `lines` lines of both streams, oldest first. */
export async function tailOf(engine: Engine, name: string, lines: number): Promise<string> {
  if (lines <= 0) return '';
  const options = { stdout: true, stderr: true, tail: lines, follow: false } as const;
  const multiplexed = await asked(engine, engine.getContainer(name).logs(options));
  const text = withoutHeaders(multiplexed).subarray(-tailMaxBytes).toString('utf8');
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n').slice(-lines).join('\n');
}

function withoutHeaders(multiplexed: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + headerBytes <= multiplexed.length; ) {
    const length = multiplexed.readUInt32BE(at + 4);
    parts.push(multiplexed.subarray(at + headerBytes, at + headerBytes + length));
    at += headerBytes + length;
  }
  return Buffer.concat(parts);
}

/** What is written from now on, until `signal` or the end of the container. */
export async function* followOf(engine: Engine, name: string, signal: AbortSignal): AsyncGenerator<string> {
  const options = { stdout: true, stderr: true, tail: 0, follow: true, abortSignal: signal } as const;
  const stream = await asked(engine, engine.getContainer(name).logs(options));
  const text = new PassThrough({ encoding: 'utf8' });
  engine.modem.demuxStream(stream, text, text);
  stream.on('end', () => text.end());
  stream.on('error', () => text.end());
  signal.addEventListener('abort', () => text.end(), { once: true });
  for await (const part of text) yield part as string;
}
