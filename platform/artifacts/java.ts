/** Which Java runs the servers: one of the machine if it is version 17, else the one from the cache. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isExecutable, onPath } from './tools.ts';

export interface Java {
  /** Absolute path of the executable, symbolic links resolved. */
  readonly executable: string;
  /** `17.0.15` */
  readonly version: string;
}

/**
 * Cassandra 5.0 is built for Java 11 and 17 only (https://cassandra.apache.org/doc/5.0/ and its bin/cassandra.in.sh refuses
 * others); Spark 4.1 and Kafka 4.3 need at least 17. So 17 it is, for all three.
 */
export const javaMajor = 17;

/**
 * A Java 17 of this machine: JAVA_HOME, then PATH, then the usual places. Undefined: there is none, or it is not wanted
 * (`MILLRACE_JAVA=bundled`).
 */
export function findJava(env: NodeJS.ProcessEnv): Java | undefined {
  if (env.MILLRACE_JAVA === 'bundled') return undefined;
  const tried = new Set<string>();
  for (const candidate of candidates(env)) {
    if (!isExecutable(candidate)) continue;
    const executable = realpathSync(candidate);
    if (tried.has(executable)) continue;
    tried.add(executable);
    const version = versionOf(executable);
    if (version !== undefined && Number.parseInt(version, 10) === javaMajor) return { executable, version };
  }
  return undefined;
}

function* candidates(env: NodeJS.ProcessEnv): Generator<string> {
  if (env.JAVA_HOME) yield join(env.JAVA_HOME, 'bin', 'java');
  const found = onPath('java', env);
  if (found !== undefined) yield found;
  for (const folder of ['/usr/lib/jvm', '/Library/Java/JavaVirtualMachines', '/opt/homebrew/opt', '/usr/local/opt']) {
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder)
      .filter((entry) => /(?:java|jdk|jre|openjdk|temurin).*17/.test(entry))
      .sort()) {
      yield join(folder, name, 'bin', 'java');
      yield join(folder, name, 'Contents', 'Home', 'bin', 'java');
      yield join(folder, name, 'libexec', 'openjdk.jdk', 'Contents', 'Home', 'bin', 'java');
    }
  }
}

/** From the file `release` beside it (no start of a virtual machine), else by asking it. */
export function versionOf(executable: string): string | undefined {
  try {
    const release = readFileSync(join(dirname(dirname(executable)), 'release'), 'utf8');
    const version = /^JAVA_VERSION="([^"]+)"/m.exec(release)?.[1];
    if (version !== undefined) return version;
  } catch {
    // No such file: macOS's /usr/bin/java and some distributions.
  }
  // It prints its settings on standard error.
  const { stderr } = spawnSync(executable, ['-XshowSettings:properties', '-version'], { encoding: 'utf8' });
  return /java\.version = (\S+)/.exec(stderr ?? '')?.[1];
}
