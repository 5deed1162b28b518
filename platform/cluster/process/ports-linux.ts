/** Listening sockets out of /proc/net/tcp and tcp6 (proc_pid_net(5)); their processes through /proc/PID/fd. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Listener } from './ports.ts';

const listenState = '0A';

interface Socket extends Listener {
  readonly inode: string;
}

export function linuxListeners(wanted: (listener: Listener) => boolean): readonly Listener[] {
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => parseNetTcp(readOrNothing(file)));
  const inodes = new Set(sockets.filter(wanted).map((socket) => socket.inode));
  const pids = inodes.size === 0 ? new Map<string, number>() : pidsOf(inodes);
  return sockets.map(({ address, port, uid, inode }) => ({ address, port, uid, pid: pids.get(inode) }));
}

export function parseNetTcp(text: string): readonly Socket[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [address = '', port = ''] = (fields[1] ?? '').split(':');
    if (fields[3] !== listenState) return [];
    return {
      address: addressOf(address),
      port: Number.parseInt(port, 16),
      pid: undefined,
      uid: Number(fields[7]),
      inode: fields[9] ?? '',
    };
  });
}

/** Hexadecimal words of 32 bits, each in the order of the machine's bytes: little-endian wherever Node 24 runs. */
function addressOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => [...Buffer.from(word, 'hex')].reverse());
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.every((byte) => byte === 0)) return '::';
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (mapped) return bytes.slice(12).join('.');
  if (bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1) return '::1';
  return (Buffer.from(bytes).toString('hex').match(/.{4}/g) ?? []).join(':');
}

/** First process found for each socket; a socket handed on to children is held by its oldest, which comes first. */
function pidsOf(inodes: ReadonlySet<string>): Map<string, number> {
  const found = new Map<string, number>();
  for (const pid of entriesOf('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const fd of entriesOf(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1];
      if (inode !== undefined && inodes.has(inode) && !found.has(inode)) found.set(inode, Number(pid));
    }
    if (found.size === inodes.size) break;
  }
  return found;
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

function entriesOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
