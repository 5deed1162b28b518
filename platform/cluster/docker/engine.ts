/** The Docker engine, through its API: the connection, and what its refusals mean. */
import Docker from 'dockerode';
import { fail, MillraceError } from '../../errors.ts';

export type Engine = Docker;

/** By default where `DOCKER_HOST` says, else /var/run/docker.sock. Connects with the first call. */
export function connectEngine(socketPath?: string): Engine {
  return socketPath === undefined ? new Docker() : new Docker({ socketPath });
}

const unreachable = [
  'ECONNREFUSED',
  'ENOENT',
  'EACCES',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ETIMEDOUT',
];

interface EngineError extends Error {
  readonly code?: string;
  readonly statusCode?: number;
  readonly json?: { readonly message?: string };
}

/** The answer of a call to the engine. Throws ENGINE_UNREACHABLE, ENGINE_REFUSED. */
export async function asked<T>(engine: Engine, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (thrown) {
    throw explained(engine, thrown as EngineError);
  }
}

/** As `asked`; undefined where the engine does not know the thing that was asked for. */
export async function askedOrAbsent<T>(engine: Engine, call: Promise<T>): Promise<T | undefined> {
  return await askedExcept(engine, call, [404]);
}

/** As `asked`; undefined for answers with these status codes: 304 (as it was), 404 (not there), 409 (somebody else was first). */
export async function askedExcept<T>(
  engine: Engine,
  call: Promise<T>,
  statusCodes: readonly number[],
): Promise<T | undefined> {
  try {
    return await call;
  } catch (thrown) {
    if (statusCodes.includes(statusCodeOf(thrown) ?? 0)) return undefined;
    throw explained(engine, thrown as EngineError);
  }
}

export function statusCodeOf(thrown: unknown): number | undefined {
  return (thrown as EngineError).statusCode;
}

export function messageOf(thrown: unknown): string {
  const { json, message } = thrown as EngineError;
  return json?.message ?? message;
}

function explained(engine: Engine, thrown: EngineError): unknown {
  if (thrown instanceof MillraceError) return thrown;
  if (thrown.code !== undefined && unreachable.includes(thrown.code))
    return new MillraceError('ENGINE_UNREACHABLE', { engine: addressOf(engine), reason: thrown.message }, thrown);
  if (thrown.statusCode === undefined) return thrown;
  return new MillraceError('ENGINE_REFUSED', { engine: addressOf(engine), reason: messageOf(thrown) }, thrown);
}

function addressOf(engine: Engine): string {
  const { socketPath, host, port } = engine.modem as { socketPath?: string; host?: string; port?: number };
  return socketPath ?? `${host}:${port}`;
}

/** Brings the image in where the engine lacks it. Throws IMAGE_ABSENT, ENGINE_UNREACHABLE. */
export async function ensureImage(engine: Engine, image: string): Promise<void> {
  if ((await askedOrAbsent(engine, engine.getImage(image).inspect())) !== undefined) return;
  try {
    const pull = await engine.pull(image);
    await new Promise<void>((resolve, reject) =>
      engine.modem.followProgress(pull, (error: Error | null) => (error ? reject(error) : resolve())),
    );
  } catch (thrown) {
    const explanation = explained(engine, thrown as EngineError);
    if (explanation instanceof MillraceError && explanation.code === 'ENGINE_UNREACHABLE') throw explanation;
    fail('IMAGE_ABSENT', { image, reason: messageOf(thrown) }, thrown);
  }
}
