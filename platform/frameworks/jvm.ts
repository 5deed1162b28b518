/** Options of a server's Java virtual machine (17 or newer). Pure. */

export interface JvmSettings {
  readonly heapMiB: number;
  /**
   * `laptop`: the C1 compiler alone and the serial collector: about a third of the CPU to start and half of the memory, at
   * the price of steady throughput. `server`: the JVM's own defaults (C2, G1).
   */
  readonly profile: 'laptop' | 'server';
  /** Class-data archive to map at start; one that does not fit this Java or class path is ignored by the JVM. */
  readonly archive: string | undefined;
}

export function jvmArguments({ heapMiB, profile, archive }: JvmSettings): string[] {
  return [
    ...(profile === 'laptop' ? laptopArguments : []),
    `-Xms${profile === 'laptop' ? Math.min(64, heapMiB) : heapMiB}m`,
    `-Xmx${heapMiB}m`,
    ...(archive === undefined ? [] : archiveArguments(archive)),
    ...commonArguments,
  ];
}

/**
 * Mapped where it was made for: processes share its pages. Else each relocates a copy of its own, to randomise addresses (the
 * default since 17.0.10 or so): of Kafka 52 MB and 30 ms of CPU, of Spark 185 MB and a quarter of a CPU second.
 */
const archiveArguments = (archive: string): string[] => [
  `-XX:SharedArchiveFile=${archive}`,
  '-Xshare:auto',
  '-XX:+UnlockDiagnosticVMOptions',
  '-XX:ArchiveRelocationMode=0',
];

const laptopArguments = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-XX:ReservedCodeCacheSize=48m', '-Xss512k'];

const commonArguments = [
  // No files under /tmp/hsperfdata_*: nothing is left behind after kill -9.
  '-XX:-UsePerfData',
  // A broken heap ends the process, and the agent starts it again; a half-dead server helps nobody.
  '-XX:+ExitOnOutOfMemoryError',
  '-Djava.awt.headless=true',
  '-Dfile.encoding=UTF-8',
  '-Djava.net.preferIPv4Stack=true',
];
