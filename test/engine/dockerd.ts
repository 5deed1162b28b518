/** A Docker engine of a test's own, started by hand: its own socket, images and containers. Needs root and Debian's `docker.io`. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectEngine } from '../../platform/cluster/docker/engine.ts';

export interface TestEngine {
  readonly socket: string;
  /** Ends it with SIGKILL; containers go on. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes all that it has. */
  end(): Promise<void>;
}

/** What keeps an engine from being started here; undefined: nothing. */
export function missingForEngine(): string | undefined {
  if (process.platform !== 'linux') return 'a Docker engine runs on Linux';
  if (process.getuid?.() !== 0) return 'a Docker engine needs root';
  const found = ['dockerd', 'containerd', 'runc', 'iptables', 'debootstrap'].filter(
    (program) => spawnSync('which', [program], { stdio: 'ignore' }).status !== 0,
  );
  if (found.length > 0) return `${found.join(', ')} missing: apt-get install docker.io iptables debootstrap`;
  const mayNot = [
    ['unshare', '--mount', '--net', 'true'],
    ['iptables', '--numeric', '--list'],
  ].filter(([program = '', ...args]) => spawnSync(program, args, { stdio: 'ignore' }).status !== 0);
  return mayNot.length === 0 ? undefined : `root may not: ${mayNot.map((command) => command.join(' ')).join('; ')}`;
}

/**
 * With a containerd of its own, as distributions run it beside the engine, and without the default bridge, which a second engine
 * of the machine would quarrel about.
 */
export async function startEngine(): Promise<TestEngine> {
  const root = mkdtempSync(join(tmpdir(), 'dockerd-'));
  const path = (name: string) => join(root, name);
  const output = openSync(path('log'), 'a');
  const daemon = (command: string, args: readonly string[]) =>
    spawn(command, args, { stdio: ['ignore', output, output], detached: true });
  writeFileSync(path('containerd.toml'), 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n');
  const places = [
    '--root',
    path('containerd'),
    '--state',
    path('containerd-state'),
    '--address',
    path('containerd.sock'),
  ];
  const containerd = daemon('containerd', ['--config', path('containerd.toml'), ...places]);
  const socket = path('docker.sock');
  let dockerd: ChildProcess;
  const start = async () => {
    rmSync(path('pid'), { force: true });
    const own = ['--data-root', path('data'), '--exec-root', path('exec'), '-p', path('pid'), '-H', `unix://${socket}`];
    dockerd = daemon('dockerd', [
      ...own,
      '--containerd',
      path('containerd.sock'),
      '--live-restore',
      '--bridge',
      'none',
    ]);
    await untilItAnswers(socket, path('log'));
  };
  await start();
  return {
    socket,
    start,
    kill: () => end(dockerd, 'SIGKILL'),
    async end() {
      await removeAll(socket);
      await end(dockerd, 'SIGTERM');
      await end(containerd, 'SIGTERM');
      unmountBelow(root);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await ended;
}

/** Network namespaces and the like, of an engine that was killed. */
function unmountBelow(root: string): void {
  const mounted = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  for (const path of mounted.filter((each) => each.startsWith(`${root}/`)).reverse()) spawnSync('umount', ['-l', path]);
}

async function untilItAnswers(socket: string, log: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const answered =
      existsSync(socket) &&
      (await connectEngine(socket)
        .ping()
        .then(
          () => true,
          () => false,
        ));
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`dockerd did not come up:\n${readFileSync(log, 'utf8').split('\n').slice(-20).join('\n')}`);
}

/** With --live-restore containers would outlive the engine. */
async function removeAll(socket: string): Promise<void> {
  const engine = connectEngine(socket);
  const containers = await engine.listContainers({ all: true });
  await Promise.all(
    containers.map(({ Id }) =>
      engine
        .getContainer(Id)
        .remove({ force: true })
        .catch(() => undefined),
    ),
  );
}
