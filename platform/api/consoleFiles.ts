/**
 * The console's files, out of one directory. Only what was in it when it was listed is served, so that no path leads out of it.
 * They say nothing of this home: everything they show, they ask the API for.
 */
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import type { FastifyReply } from 'fastify';
import { fail } from '../errors.ts';
import { protect } from './guard.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/** Of the bundler: the content's hash is part of the name. */
const hashed = /^\/assets\/.*-[\w-]{8,}\.\w+$/;

const reloadSeconds = 2;

/** `directory`: resolves when the files are there; is asked again after it has failed. */
export function createConsoleFiles(directory: () => Promise<string>) {
  let files: ReadonlyMap<string, string> | undefined;
  let reason = 'they are being built';
  let isBringing = false;
  const bring = async () => {
    if (isBringing || files !== undefined) return;
    isBringing = true;
    try {
      files = filesIn(await directory());
    } catch (error) {
      reason = (error as Error).message;
    }
    isBringing = false;
  };
  /** Undefined: it is gone (somebody has emptied the cache), and they are brought in anew. */
  const contentOf = async (file: string) => {
    try {
      return await readFile(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      files = undefined;
      reason = 'they were removed, and are being built anew';
      return undefined;
    }
  };
  return {
    /** Begins to bring them in. */
    begin: () => void bring(),
    /** Answers false for what is no file of the console. Throws CONSOLE_UNAVAILABLE, but for the page itself, which reloads. */
    serve,
  };
  async function serve(path: string, reply: FastifyReply): Promise<boolean> {
    if (files === undefined) {
      void bring();
      if (path !== '/') return fail('CONSOLE_UNAVAILABLE', { reason });
      protect(reply, false);
      void reply.code(503).header('retry-after', reloadSeconds).type(types['.html']!).send(waitingPage(reason));
      return true;
    }
    const name = path === '/' ? '/index.html' : path;
    const file = files.get(name);
    if (file === undefined) return false;
    const content = await contentOf(file);
    if (content === undefined) return serve(path, reply);
    protect(reply, hashed.test(name));
    void reply.type(types[extname(name)] ?? 'application/octet-stream').send(content);
    return true;
  }
}

/** For a person who comes before the files are there: it loads itself again, with the part of the address after `#`. */
function waitingPage(reason: string): string {
  const text = reason.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Millrace</title>
<meta http-equiv="refresh" content="${reloadSeconds}"></head>
<body><h1>Millrace</h1><p>The console's files are not there yet: ${text}. This page looks again every ${reloadSeconds} seconds.</p></body></html>
`;
}

function filesIn(root: string): Map<string, string> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [`/${relative(root, path).split(sep).join('/')}`, path]));
}
