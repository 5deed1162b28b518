/**
 * `./millrace exec test/bench/sparkMeter.ts`: what pathways and the ledger cost a Spark job, in µs for each event, each part on its
 * own (sparkMeter/MeterBench.java). In a JVM of its own, by the compiled classes of the job's runner; no server.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadArtifacts } from '../../platform/artifacts/load.ts';
import { cacheOf } from '../../platform/home.ts';
import { compileBesideRunner } from '../conformance/frameworks/runnerJava.ts';

const artifacts = await loadArtifacts(cacheOf(process.env));
const classes = mkdtempSync(join(tmpdir(), 'spark-meter-'));
try {
  const source = join(import.meta.dirname, 'sparkMeter', 'MeterBench.java');
  const classPath = compileBesideRunner(artifacts, source, classes);
  execFileSync(artifacts.java, ['-Xmx512m', '-XX:+UseSerialGC', '-cp', classPath, 'millrace.spark.MeterBench'], {
    stdio: 'inherit',
  });
} finally {
  rmSync(classes, { recursive: true });
}
