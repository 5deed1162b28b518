import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { findConflict, takenPorts } from '../../../platform/cluster/process/agent/port-conflicts.ts';
import {
  coversAddress,
  describeListener,
  type Listener,
  listeners,
  listeningPid,
  ownerOfPort,
  settled,
} from '../../../platform/cluster/process/ports.ts';
import { parseNetTcp } from '../../../platform/cluster/process/ports-linux.ts';
import { parseLsof } from '../../../platform/cluster/process/ports-lsof.ts';
import { processTable } from '../../../platform/cluster/process/process-table.ts';

const first = 12_150;

test('listening sockets of /proc/net/tcp and tcp6, and no others', () => {
  const rest = '00000000:00000000 00:00000000 00000000   105        0 3371 1 0000000000000000 100 0 0 10 0';
  const lines = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    `   0: 0200007F:2F44 00000000:0000 0A ${rest}`,
    `   1: 00000000:0050 00000000:0000 0A ${rest}`,
    `   2: 0100007F:2F44 0100007F:1234 01 ${rest}`,
    `   3: 00000000000000000000000000000000:0051 00000000000000000000000000000000:0000 0A ${rest}`,
    `   4: 0000000000000000FFFF00000100007F:0052 00000000000000000000000000000000:0000 0A ${rest}`,
    `   5: 00000000000000000000000001000000:0053 00000000000000000000000000000000:0000 0A ${rest}`,
    `   6: B80D0120000000000000000001000000:0054 00000000000000000000000000000000:0000 0A ${rest}`,
  ];
  const found = parseNetTcp(lines.join('\n'));
  expect(found.map(({ address, port }) => `${address} ${port}`)).toEqual([
    '127.0.0.2 12100',
    '0.0.0.0 80',
    ':: 81',
    '127.0.0.1 82',
    '::1 83',
    '2001:0db8:0000:0000:0000:0000:0000:0001 84',
  ]);
  expect(found[0]).toMatchObject({ uid: 105, inode: '3371' });
});

test('sockets of lsof -F', () => {
  const text = 'p501\nu105\nf12\nn127.0.0.1:12100\nf13\nn*:80\np502\nu0\nf3\nn[::1]:81\n';
  expect(parseLsof(text)).toEqual([
    { address: '127.0.0.1', port: 12_100, pid: 501, uid: 105 },
    { address: '0.0.0.0', port: 80, pid: 501, uid: 105 },
    { address: '::1', port: 81, pid: 502, uid: 0 },
  ]);
});

test('a listener on every address takes the port on each', () => {
  expect(coversAddress('0.0.0.0', '127.0.0.2')).toBe(true);
  expect(coversAddress('::', '127.0.0.2')).toBe(true);
  expect(coversAddress('127.0.0.1', '0.0.0.0')).toBe(true);
  expect(coversAddress('127.0.0.1', '127.0.0.2')).toBe(false);
});

test('the owner of a port is known by process, address by address, to both sources', async () => {
  const server = createServer().listen(first, '127.0.0.2');
  await once(server, 'listening');
  expect(listeningPid('127.0.0.2', first)).toBe(process.pid);
  expect(ownerOfPort('127.0.0.2', first)?.description).toBe(`node (pid ${process.pid})`);
  expect(ownerOfPort('127.0.0.1', first)).toBeUndefined();
  // The source of macOS runs here, too, where the tool is there.
  if (spawnSync('lsof', ['-v']).status === 0) {
    const seen = listeners(() => true, 'darwin').filter((each) => each.port === first);
    expect(seen).toEqual([expect.objectContaining({ address: '127.0.0.2', pid: process.pid })]);
  }
  server.close();
  await once(server, 'close');
  expect(ownerOfPort('127.0.0.2', first)).toBeUndefined();
});

const unseen = (uid: number): Listener => ({ address: '127.0.0.1', port: first, pid: undefined, uid });
const ours = process.getuid!();

test('a socket of ours without a process is looked at again, for its process may be ending', () => {
  const seen = { ...unseen(ours), pid: process.pid };
  const look = (...answers: (readonly Listener[])[]) => {
    const found = settled(
      () => answers.shift()!,
      ({ port }) => port === first,
    );
    return { found, left: answers.length };
  };
  expect(look([unseen(ours)], [])).toEqual({ found: [], left: 0 });
  expect(look([unseen(ours)], [seen])).toEqual({ found: [seen], left: 0 });
  expect(look([unseen(ours)], [unseen(ours)], [unseen(ours)], [])).toEqual({ found: [unseen(ours)], left: 1 });
  expect(look([unseen(ours + 1)], [])).toEqual({ found: [unseen(ours + 1)], left: 1 });
  expect(look([{ ...unseen(ours), port: first + 1 }], []).left).toBe(1);
});

test('a process that can not be seen is another user’s only where the socket is', () => {
  const table = processTable();
  expect(describeListener(unseen(ours + 1), table)).toBe(`another user's process (uid ${ours + 1})`);
  expect(describeListener(unseen(ours), table)).toBe(
    'a process of this user that is ending, or that can not be seen from here',
  );
});

test('a task may have a port that it, a sharer or nobody has', async () => {
  const port = (number: number, shared = false) => ({ name: 'p', address: '127.0.0.1', port: number, shared });
  const table = processTable();
  const holders = [
    { id: 'a', ports: [port(first + 1)], leader: null },
    { id: 'b', ports: [port(first + 2, true)], leader: null },
  ];
  const conflict = (id: string, ...ports: ReturnType<typeof port>[]) =>
    findConflict(table, 'home', { id, ports }, holders)?.owner;
  expect(conflict('c', port(first + 1))).toBe('task a');
  expect(conflict('a', port(first + 1))).toBeUndefined();
  expect(conflict('c', port(first + 2, true))).toBeUndefined();
  expect(conflict('c', port(first + 2))).toBe('task b');
  expect(conflict('c', port(first + 3))).toBeUndefined();
  const server = createServer().listen(first + 3, '0.0.0.0');
  await once(server, 'listening');
  expect(conflict('c', port(first + 3))).toBe(`node (pid ${process.pid})`);
  const taken = takenPorts(table, 'home', '127.0.0.1', holders);
  expect([1, 2, 3].map((offset) => taken.get(first + offset))).toEqual([
    'task a',
    'task b',
    `node (pid ${process.pid})`,
  ]);
  server.close();
  await once(server, 'close');
});
