/** Java options that every Spark process of ours shares: master, worker, driver, executor. Pure. */
import type { Artifacts } from '../contract.ts';
import { jvmArguments } from '../jvm.ts';
import { sparkJars } from './jars.ts';
import type { SparkOptions } from './spec.ts';

export interface SparkJvm {
  readonly artifacts: Pick<Artifacts, 'sparkLib' | 'javaClasses' | 'classDataArchive'>;
  readonly profile: SparkOptions['profile'];
  /** Undefined for an executor: Spark sets its heap from `spark.executor.memory`. */
  readonly heapMiB: number | undefined;
}

/**
 * One class path for all four, in one order: a class-data archive is used only by the class path it was made with. Our jar
 * comes first, see java/org/apache/spark/launcher.
 */
export function sparkClassPath({ sparkLib, javaClasses }: SparkJvm['artifacts']): string {
  return [javaClasses.spark, ...sparkJars.map((jar) => `${sparkLib}/${jar}`)].join(':');
}

/** For an @argfile: all options up to the main class. */
export function sparkJvmArguments({ artifacts, profile, heapMiB }: SparkJvm): string[] {
  const tuned = jvmArguments({ heapMiB: heapMiB ?? 0, profile, archive: artifacts.classDataArchive('spark') });
  return [
    ...(heapMiB === undefined ? tuned.filter((argument) => !/^-Xm[sx]/.test(argument)) : tuned),
    // The optimiser and the code generator recurse deeply.
    '-Xss2m',
    ...opened.map((name) => `--add-opens=${name}=ALL-UNNAMED`),
    '-Djdk.reflect.useDirectMethodHandle=false',
    '-Dio.netty.tryReflectionSetAccessible=true',
    ...(profile === 'laptop' ? ['-Dio.netty.allocator.type=unpooled', '-XX:CICompilerCount=1'] : []),
    '-cp',
    sparkClassPath(artifacts),
  ];
}

/** As in Spark's own JavaModuleOptions, but for the module jdk.incubator.vector, which only MLlib uses. */
const opened = [
  'java.base/java.lang',
  'java.base/java.lang.invoke',
  'java.base/java.lang.reflect',
  'java.base/java.io',
  'java.base/java.net',
  'java.base/java.nio',
  'java.base/java.util',
  'java.base/java.util.concurrent',
  'java.base/java.util.concurrent.atomic',
  'java.base/jdk.internal.ref',
  'java.base/sun.nio.ch',
  'java.base/sun.nio.cs',
  'java.base/sun.security.action',
  'java.base/sun.util.calendar',
  'java.security.jgss/sun.security.krb5',
];

/** Content of an @argfile of the `java` launcher: one quoted argument a line. */
export function argumentFile(argumentsOfJava: readonly string[]): string {
  return argumentsOfJava.map((argument) => `"${argument.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"\n`).join('');
}

/** The C library would keep a heap for each of many threads. Executors inherit it from their worker. */
export const fewArenas = { MALLOC_ARENA_MAX: '2' } as const;

/** Scratch files of a killed process are deleted at the next start: java/millrace/spark/Scratch.java. */
export const scratch = '-Dmillrace.scratch={dataDir}/local';

/** Warnings and errors to stdout, where the driver rotates them. */
export const log4jProperties = `${[
  'rootLogger.level = warn',
  'rootLogger.appenderRef.out.ref = out',
  // They say of every start that it is as it should be.
  'logger.hadoop.name = org.apache.hadoop.util.NativeCodeLoader',
  'logger.hadoop.level = error',
  'logger.conf.name = org.apache.spark.SparkConf',
  'logger.conf.level = error',
  'appender.out.type = Console',
  'appender.out.name = out',
  'appender.out.target = SYSTEM_OUT',
  'appender.out.layout.type = PatternLayout',
  'appender.out.layout.pattern = %d{yyyy-MM-dd HH:mm:ss.SSS} %p %c{1}: %m%n%ex',
].join('\n')}\n`;

/** A Java properties file; values here hold no line ends. */
export function propertiesFile(properties: Readonly<Record<string, string | number | boolean>>): string {
  return `${Object.entries(properties)
    .map(([key, value]) => `${key} ${String(value)}`)
    .join('\n')}\n`;
}
