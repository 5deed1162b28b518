/** A task's container: made out of its spec, with its directories mounted where the spec's references point to. */
import type Docker from 'dockerode';
import type { TaskSpec } from '../driver.ts';
import { fillPaths, type TaskPaths } from '../tasks/layout.ts';
import { labels, type Names } from './names.ts';

/** Directories of this machine that tasks see under the same path, beside their own. */
export interface Share {
  readonly path: string;
  readonly writable: boolean;
}

/** All that a container is made from: the files of the spec are on disk by then. */
export type StartedSpec = Omit<TaskSpec, 'files'>;

export interface ContainerContext {
  readonly names: Names;
  readonly image: string;
  readonly shares: readonly Share[];
  readonly paths: TaskPaths;
  readonly specHash: string;
  /** Value of MILLRACE_TASK. */
  readonly mark: string;
}

const sharesPerCpu = 1024;
/** What an engine keeps of a task's output: three files of 8 MiB. */
const logOptions = { 'max-size': '8m', 'max-file': '3' };

export function containerOf(spec: StartedSpec, context: ContainerContext): Docker.ContainerCreateOptions {
  const { names, image, paths, specHash } = context;
  return {
    name: names.task(spec.id),
    Image: image,
    Entrypoint: spec.argv.map((argument) => fillPaths(argument, paths)),
    Cmd: [],
    Env: environmentOf(spec, context),
    User: `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`,
    WorkingDir: paths.dataDir,
    StopSignal: spec.stop.signal,
    StopTimeout: Math.ceil(spec.stop.graceMs / 1000),
    Labels: {
      [labels.home]: names.home,
      [labels.kind]: 'task',
      [labels.id]: spec.id,
      [labels.specHash]: specHash,
    },
    HostConfig: {
      NetworkMode: `container:${names.node(spec.node)}`,
      Binds: bindsOf(context),
      RestartPolicy: { Name: 'unless-stopped' },
      Memory: spec.limits.memoryMiB * 1024 * 1024,
      // The least that the engine takes is 2.
      CpuShares: Math.max(2, Math.round(spec.limits.cpus * sharesPerCpu)),
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': 'rw,nosuid,nodev,mode=1777' },
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'json-file', Config: logOptions },
    },
  };
}

function environmentOf(spec: StartedSpec, { paths, mark }: ContainerContext): string[] {
  const fixed = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: paths.dataDir, LANG: 'C.UTF-8', TZ: 'UTC' };
  const own = Object.entries(spec.env).map(([name, value]) => [name, fillPaths(value, paths)] as const);
  const all = { ...fixed, ...Object.fromEntries(own), MILLRACE_TASK: mark };
  return Object.entries(all).map(([name, value]) => `${name}=${value}`);
}

/** A share may lie within another one, so the shorter path is mounted first. */
function bindsOf({ paths, shares }: ContainerContext): string[] {
  const own = [paths.taskDir, paths.dataDir, paths.logDir].map((path) => ({ path, writable: true }));
  const all = [...shares, ...own].sort((a, b) => a.path.length - b.path.length);
  return all.map(({ path, writable }) => `${path}:${path}:${writable ? 'rw' : 'ro'}`);
}
