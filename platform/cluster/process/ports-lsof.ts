/** Listening sockets through `lsof`, for systems without /proc. Without root it shows the caller's own processes only. */
import { spawnSync } from 'node:child_process';
import type { Listener } from './ports.ts';

export function lsofListeners(): readonly Listener[] {
  const { stdout } = spawnSync('lsof', ['-nP', '-iTCP', '-sTCP:LISTEN', '-Fpun'], { encoding: 'utf8' });
  return parseLsof(stdout ?? '');
}

/** `lsof -F`: a line per field, its first letter the field: p(id) and u(id) for each process, n(ame) for each socket. */
export function parseLsof(text: string): readonly Listener[] {
  let pid: number | undefined;
  let uid: number | undefined;
  const found: Listener[] = [];
  for (const line of text.split('\n')) {
    const value = line.slice(1);
    if (line[0] === 'p') pid = Number(value);
    if (line[0] === 'u') uid = Number(value);
    const socket = line[0] === 'n' ? /^(.*):(\d+)$/.exec(value) : null;
    if (socket) found.push({ address: addressOf(socket[1] ?? ''), port: Number(socket[2]), pid, uid });
  }
  return found;
}

function addressOf(name: string): string {
  return name === '*' ? '0.0.0.0' : name.replace(/^\[|\]$/g, '');
}
