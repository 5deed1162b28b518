/** `millrace doctor`: the machine itself. */
import { controlPlaneMiB } from '../model/controlPlane.ts';
import { type DoctorLine, line } from './doctor-line.ts';
import { canListen, controlGroups, cpus, freeDiskMiB, type Memory, memory } from './machine.ts';

export interface KernelOptions {
  readonly cache: string;
  /** Directory that will hold the data, for the free disk; default: the cache's. */
  readonly dataDir?: string;
  /** Ports of the nodes to try on 127.0.0.1; default none. A running platform holds some of them itself. */
  readonly ports?: readonly number[];
  /** Loopback addresses of the nodes; default 127.0.0.1 to 127.0.0.3. */
  readonly addresses?: readonly string[];
  /** What the tasks of this home have already: not available any more, and no fault. Default 0. */
  readonly heldMiB?: number;
}

/** What flight-delays asks for, its frameworks included, by the limits of its tasks; planning refuses it on less. */
export const pipelineMiB = 4000;
/** What it takes with the control plane once it runs (docs/reference/performance.md): the rest of the limits is never used at once. */
const usedMiB = 4096;
/** Cache and a first day's data. */
const wantedDiskMiB = 3072;

export async function examineKernel(options: KernelOptions): Promise<DoctorLine[]> {
  const { addresses = ['127.0.0.1', '127.0.0.2', '127.0.0.3'], ports = [], heldMiB = 0 } = options;
  const listening = await Promise.all(addresses.map((address) => examineAddress(address)));
  const taken = (
    await Promise.all(ports.map(async (port) => ((await canListen('127.0.0.1', port)) ? [] : [port])))
  ).flat();
  return [
    judgeMemory(memory(), heldMiB),
    examineDisk(options),
    examineCpus(),
    examineControlGroups(),
    ...listening,
    ...examinePorts(ports, taken),
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

function examineControlGroups(): DoctorLine {
  const { state, path } = controlGroups();
  const limits = 'limits of memory and CPU are kept by the kernel';
  const advisory = 'limits of memory and CPU are advisory: settings of the JVM and nice';
  if (state === 'writable')
    return line({ group: 'machine', name: 'cgroup v2', state: 'present', path, detail: limits });
  return line({ group: 'machine', name: 'cgroup v2', state: 'not-needed', path, detail: `${state}: ${advisory}` });
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

function examinePorts(ports: readonly number[], taken: readonly number[]): DoctorLine[] {
  if (ports.length === 0) return [];
  const detail = taken.length === 0 ? `${ports.length} free` : `taken: ${taken.join(', ')}`;
  return [
    line({ group: 'machine', name: 'ports', state: taken.length === ports.length ? 'broken' : 'present', detail }),
  ];
}
