/** Runs what was brought in. Uses the cache of this machine, which the other conformance tests share, and completes it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { classDataArchivePath, makeClassDataArchive } from '../../../platform/artifacts/archive.ts';
import { ensureJavaClasses } from '../../../platform/artifacts/compile.ts';
import { examineMachine } from '../../../platform/artifacts/doctor.ts';
import { fetchArtifacts } from '../../../platform/artifacts/fetch.ts';
import { loadArtifacts } from '../../../platform/artifacts/load.ts';
import type { Artifacts } from '../../../platform/frameworks/contract.ts';
import { cacheOf } from '../../../platform/home.ts';

const cache = cacheOf(process.env);
let artifacts: Artifacts;
let scratch: string;
const run = (file: string, ...argv: string[]) => execFileSync(file, argv, { encoding: 'utf8', stdio: 'pipe' });

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'millrace-load-'));
  await fetchArtifacts({ cache });
  artifacts = await loadArtifacts(cache);
}, 600_000);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A framework directory with one source, so that a test need not touch the real ones. */
function frameworksWith(framework: string, source: string): string {
  const frameworksDir = mkdtempSync(join(scratch, 'frameworks-'));
  mkdirSync(join(frameworksDir, framework, 'java', 'millrace'), { recursive: true });
  writeFileSync(join(frameworksDir, framework, 'java', 'millrace', 'Probe.java'), source);
  return frameworksDir;
}

const kafkaProbe = `package millrace;
public final class Probe {
  public static void main(String[] arguments) { System.out.println(org.apache.kafka.common.Uuid.ZERO_UUID); }
}`;

describe('the artifacts of this machine', () => {
  test('run', () => {
    expect(run(artifacts.valkeyServer, '--version')).toMatch(/v=9\.1\.2/);
    expect(run(artifacts.temporal, '--version')).toMatch(/1\.9\.1/);
    expect(run(artifacts.java, '-XshowSettings:none', '--version')).toContain(artifacts.javaVersion);
  });

  test('Spark and its Kafka source are on one class path, under a Spark home', () => {
    const jars = readdirSync(artifacts.sparkLib);
    expect(artifacts.sparkLib).toMatch(/\/jars$/);
    expect(jars).toEqual(expect.arrayContaining(['spark-sql-kafka-0-10_2.13-4.1.1.jar', 'kafka-clients-3.9.1.jar']));
    for (const jar of jars) expect(existsSync(join(artifacts.sparkLib, jar))).toBe(true);
  });

  test('the doctor finds nothing amiss', async () => {
    const { lines } = await examineMachine({ cache });
    const amiss = lines.filter(
      ({ group, state }) => group === 'artifact' && state !== 'present' && state !== 'not-needed',
    );
    expect(amiss).toEqual([]);
  });
});

describe('our Java', () => {
  test.each(['kafka', 'cassandra'])(
    'compiles against the jars of %s',
    async (framework) => {
      const source =
        framework === 'kafka' ? kafkaProbe : kafkaProbe.replace(/org\S+ZERO_UUID/, 'java.util.Set.of(1).size()');
      const frameworksDir = frameworksWith(framework, source);
      const classes = await ensureJavaClasses({ cache: linkedCache(), java: artifacts.java, frameworksDir });
      const classPath = [`${artifacts.kafkaLib}/*`, classes[framework]!].join(delimiter);
      expect(run(artifacts.java, '-cp', classPath, 'millrace.Probe').trim()).toBe(
        framework === 'kafka' ? 'AAAAAAAAAAAAAAAAAAAAAA' : '1',
      );
    },
    120_000,
  );

  test('that does not compile is refused with the compiler’s words', async () => {
    const frameworksDir = frameworksWith('kafka', kafkaProbe.replace('ZERO_UUID', 'NO_SUCH'));
    const compiling = ensureJavaClasses({ cache: linkedCache(), java: artifacts.java, frameworksDir });
    await expect(compiling).rejects.toMatchObject({
      code: 'JAVA_COMPILE_FAILED',
      details: { framework: 'kafka', output: expect.stringContaining('NO_SUCH') },
    });
  }, 120_000);

  test('is compiled for each framework by itself: an edit of one leaves the jar and the archive of the other', async () => {
    const own = linkedCache();
    const frameworksDir = frameworksWith('kafka', kafkaProbe);
    const probe = (framework: string) => join(frameworksDir, framework, 'java', 'millrace', 'Probe.java');
    mkdirSync(join(frameworksDir, 'cassandra', 'java', 'millrace'), { recursive: true });
    const source = kafkaProbe.replace(/org\S+ZERO_UUID/, 'java.util.Set.of(1).size()');
    writeFileSync(probe('cassandra'), source);
    const compiled = async () => {
      const classes = await ensureJavaClasses({ cache: own, java: artifacts.java, frameworksDir });
      const input = { ...artifacts, javaClasses: { ...artifacts.javaClasses, ...classes } };
      const archive = (name: 'kafka' | 'cassandra') => classDataArchivePath(own, name, input);
      return { kafka: [classes.kafka, archive('kafka')], cassandra: [classes.cassandra, archive('cassandra')] };
    };
    const before = await compiled();
    writeFileSync(probe('cassandra'), source.replace('of(1)', 'of(1, 2)'));
    const after = await compiled();
    expect(after.kafka).toEqual(before.kafka);
    for (const at of [0, 1]) expect(after.cassandra[at]).not.toBe(before.cassandra[at]);
  }, 120_000);

  test('gets a class-data archive once, which the virtual machine accepts', async () => {
    const own = linkedCache();
    const frameworksDir = frameworksWith('kafka', kafkaProbe);
    const javaClasses = await ensureJavaClasses({ cache: own, java: artifacts.java, frameworksDir });
    const program = ['-cp', `${artifacts.kafkaLib}/*:${javaClasses.kafka}`, 'millrace.Probe'];
    let runs = 0;
    const runOnce = async (jsaPath: string) => {
      runs += 1;
      run(artifacts.java, `-XX:ArchiveClassesAtExit=${jsaPath}`, ...program);
    };
    const input = { ...artifacts, javaClasses: { ...artifacts.javaClasses, ...javaClasses } };
    const made = await Promise.all([1, 2].map(() => makeClassDataArchive(own, 'kafka', input, runOnce)));
    expect(made[0]).toBe(made[1]);
    expect(runs).toBe(1);
    // -Xshare:on ends with an error when the archive can not be used.
    expect(run(artifacts.java, '-Xshare:on', `-XX:SharedArchiveFile=${made[0]}`, ...program)).toContain('AAAA');
  }, 120_000);
});

/** A cache of its own that borrows the artifacts: what a test compiles must not stay in the shared one. */
function linkedCache(): string {
  const own = mkdtempSync(join(scratch, 'cache-'));
  for (const name of readdirSync(cache).filter((entry) => /^(?:kafka|cassandra|spark|spark-kafka)-\d/.test(entry))) {
    symlinkSync(join(cache, name), join(own, name));
  }
  return own;
}
