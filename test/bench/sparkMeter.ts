/**
 * `./millrace exec test/bench/sparkMeter.ts`: what pathways and the ledger cost a Spark job, in µs for each event, each part on its
 * own (sparkMeter/MeterBench.java). In a JVM of its own, by the compiled classes of the job's runner; no server.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadArtifacts } from '../../platform/artifacts/load.ts';
import { cacheOf } from '../../platform/home.ts';

const { java, cassandraLib, sparkLib, javaClasses } = await loadArtifacts(cacheOf(process.env));
const classes = mkdtempSync(join(tmpdir(), 'spark-meter-'));
try {
  const classPath = [javaClasses.spark, join(sparkLib, '*')].join(':');
  const compiler = join(cassandraLib, readdirSync(cassandraLib).find((jar) => /^ecj-.*\.jar$/.test(jar))!);
  const source = join(import.meta.dirname, 'sparkMeter', 'MeterBench.java');
  const spark = readdirSync(sparkLib).filter((jar) => /^(spark-core|scala-library)/.test(jar));
  const compilePath = [javaClasses.spark, ...spark.map((jar) => join(sparkLib, jar))].join(':');
  const options = ['-source', '17', '-target', '17', '-proc:none', '-nowarn'];
  execFileSync(java, ['-jar', compiler, ...options, '-classpath', compilePath, '-d', classes, source], {
    stdio: 'inherit',
  });
  execFileSync(java, ['-Xmx512m', '-XX:+UseSerialGC', '-cp', `${classes}:${classPath}`, 'millrace.spark.MeterBench'], {
    stdio: 'inherit',
  });
} finally {
  rmSync(classes, { recursive: true });
}
