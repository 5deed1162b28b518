/** Compiles a Java class of a test into the package of Spark's SQL runner, beside the compiled classes of the runner itself. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Artifacts } from '../../../platform/frameworks/contract.ts';

/** Compiles `source` into the directory `classes`; gives the class path to run it with. Throws with the compiler's words. */
export function compileBesideRunner(artifacts: Artifacts, source: string, classes: string): string {
  const { java, cassandraLib, sparkLib, javaClasses } = artifacts;
  const compiler = join(cassandraLib, readdirSync(cassandraLib).find((jar) => /^ecj-.*\.jar$/.test(jar))!);
  const jars = readdirSync(sparkLib).filter((jar) => /^(spark-core|scala-library|jackson-)/.test(jar));
  const compilePath = [javaClasses.spark, ...jars.map((jar) => join(sparkLib, jar))].join(':');
  const options = ['-source', '17', '-target', '17', '-proc:none', '-nowarn'];
  execFileSync(java, ['-jar', compiler, ...options, '-classpath', compilePath, '-d', classes, source], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return [classes, javaClasses.spark, join(sparkLib, '*')].join(':');
}
