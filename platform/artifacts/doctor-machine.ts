/** `millrace doctor`: the machine itself. */
import { controlPlaneMiB } from '../model/controlPlane.ts';
import { type DoctorLine, line } from './doctor-line.ts';
import { canListen, cpus, freeDiskMiB, type Memory, memory } from './machine.ts';

export interface KernelOptions {
  readonly cache: string;
  /** Directory that will hold the data, for the free disk; default: the cache's. */
  readonly dataDir?: string;
  /** What becomes of limits here, by the cluster's driver; default: not told. */
  readonly limits?: Limits;
  /** Ports of this home, and who listens on them that is none of its tasks; default: not told. */
  readonly ports?: HomePorts;
  /** Loopback addresses of the nodes; default 127.0.0.1 to 127.0.0.3. */
  readonly addresses?: readonly string[];
  /** What the tasks of this home have already: not available any more, and no fault. Default 0. */
  readonly heldMiB?: number;
}

type Kept = 'enforced' | 'advisory';
export interface Limits {
  readonly memoryLimit: Kept;
  readonly cpuLimit: Kept;
}

export interface HomePorts {
  readonly first: number;
  readonly last: number;
  readonly foreign: readonly {
    readonly address: string;
    readonly port: number;
    /** The listener. */
    readonly owner: string;
    /** The task of this home whose port it is; none: a plan passes over the port. */
    readonly task?: string;
  }[];
}

/** What flight-delays asks for, its frameworks included, by the limits of its tasks; planning refuses it on less. */
export const pipelineMiB = 4000;
/** What it takes with the control plane once it runs (docs/reference/performance.md): the rest of the limits is never used at once. */
const usedMiB = 4096;
/** Cache and a first day's data. */
const wantedDiskMiB = 3072;

export async function examineKernel(options: KernelOptions): Promise<DoctorLine[]> {
  const { addresses = ['127.0.0.1', '127.0.0.2', '127.0.0.3'], ports, limits, heldMiB = 0 } = options;
  const listening = await Promise.all(addresses.map((address) => examineAddress(address)));
  return [
    judgeMemory(memory(), heldMiB),
    examineDisk(options),
    examineCpus(),
    ...(limits ? [judgeLimits(limits)] : []),
    ...listening,
    ...(ports ? [judgePorts(ports)] : []),
  ];
}

/**
 * Two questions: whether planning has enough to share out, by the machine's total; and whether the servers find it, by what nobody
 * else uses.
 */
export function judgeMemory({ totalMiB, availableMiB, limited }: Memory, heldMiB: number): DoctorLine {
  const [asked, lacking] = [controlPlaneMiB + pipelineMiB, usedMiB - availableMiB - heldMiB];
  const held = heldMiB > 0 ? `, ${heldMiB} in use by this home's tasks` : '';
  const detail = `${availableMiB} of ${totalMiB} MiB available${held}${limited ? ' (limited by a control group)' : ''}`;
  const smaller = 'or deploy with smaller options (millrace plan shows what is asked).';
  const remedy =
    totalMiB < asked
      ? `Give the machine ${asked} MiB, ${smaller}`
      : lacking > 0
        ? `Free ${lacking} MiB that other programs use, ${smaller}`
        : '';
  const state = remedy === '' ? 'present' : 'missing';
  return line({ group: 'machine', name: 'memory', state, sizeMiB: totalMiB, detail, remedy });
}

function examineDisk({ cache, dataDir = cache }: KernelOptions): DoctorLine {
  const freeMiB = freeDiskMiB(dataDir);
  const enough = freeMiB >= wantedDiskMiB;
  const remedy = enough
    ? ''
    : `Free ${wantedDiskMiB - freeMiB} MiB there, or point MILLRACE_HOME and MILLRACE_CACHE elsewhere.`;
  const detail = `${freeMiB} MiB free`;
  return line({
    group: 'machine',
    name: 'disk',
    state: enough ? 'present' : 'missing',
    path: dataDir,
    sizeMiB: freeMiB,
    detail,
    remedy,
  });
}

function examineCpus(): DoctorLine {
  return line({ group: 'machine', name: 'cpus', state: 'present', version: `${cpus()}` });
}

/** The same words as the plan's: what it promises of limits, the doctor must not promise otherwise. */
export function judgeLimits({ memoryLimit, cpuLimit }: Limits): DoctorLine {
  const memoryIs = memoryLimit === 'enforced' ? 'kept by the kernel (cgroup v2)' : 'advisory: settings of the JVM';
  const cpuIs =
    cpuLimit === 'enforced'
      ? 'kept by the kernel'
      : memoryLimit === 'enforced'
        ? 'advisory: shares, which bind while the cores are contended'
        : 'advisory: nice';
  const detail = `memory limits are ${memoryIs}; CPU limits are ${cpuIs}`;
  const state = memoryLimit === 'enforced' ? 'present' : 'not-needed';
  return line({ group: 'machine', name: 'limits', state, detail });
}

async function examineAddress(address: string): Promise<DoctorLine> {
  const name = `address ${address}`;
  if (await canListen(address, 0)) return line({ group: 'machine', name, state: 'present' });
  if (address === '127.0.0.1')
    return line({
      group: 'machine',
      name,
      state: 'missing',
      detail: 'The loopback interface is down.',
      remedy: 'sudo ip link set lo up',
    });
  const detail = 'Only needed for more than one node on this machine.';
  const remedy =
    process.platform === 'darwin' ? `sudo ifconfig lo0 alias ${address}` : `sudo ip address add ${address}/8 dev lo`;
  return line({ group: 'machine', name, state: 'not-needed', detail, remedy });
}

/** A foreign listener is a fault only where a task of this home has the port: any other is passed over by the plan. */
export function judgePorts({ first, last, foreign }: HomePorts): DoctorLine {
  const name = `ports ${first}–${last}`;
  const told = foreign.map(({ address, port, owner, task }) => {
    return `${address}:${port} is taken by ${owner}${task === undefined ? '' : `, and is task ${task}'s`}`;
  });
  const clash = foreign.some(({ task }) => task !== undefined);
  const passed = foreign.length > 0 && !clash ? '; a plan passes over them' : '';
  const detail = foreign.length === 0 ? 'no other program listens there' : `${told.join('; ')}${passed}`;
  const remedy = clash ? 'End that process: a port of a pipeline that is deployed does not move by itself.' : '';
  return line({ group: 'machine', name, state: clash ? 'broken' : 'present', detail, remedy });
}
