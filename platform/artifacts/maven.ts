/**
 * Brings in the jars of Maven lock files: by Maven where the machine has it, else by the Ivy that comes with Spark. Both are
 * told each jar by its coordinates and asked for nothing else, so that both bring exactly what is pinned.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './command.ts';
import type { Jar, MavenLock } from './locks.ts';

export interface MavenFetch {
  readonly lock: MavenLock;
  /** Where its jars go. */
  readonly libDir: string;
}

export interface MavenOptions {
  /** An empty directory for poms, and for a repository of its own when `fresh`. */
  readonly workDir: string;
  /** Take nothing from the user's local repository (~/.m2): it may be what is broken. */
  readonly fresh: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly java: string;
  /** Options of the virtual machine, both for Maven and for Ivy. */
  readonly javaOptions: readonly string[];
  /** Called with the file name of each jar that has come. */
  readonly onJar: (file: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Pinned as well: which files it copies is its decision. */
const copyGoal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/** One run of Maven for all, one module each, so that they come in parallel. */
export async function fetchByMaven(mvn: string, fetches: readonly MavenFetch[], options: MavenOptions): Promise<void> {
  const { workDir, fresh, env, java, javaOptions, onJar, signal } = options;
  writeFileSync(join(workDir, 'pom.xml'), renderParentPom(fetches.map(({ lock }) => lock.artifact)));
  for (const { lock, libDir } of fetches) {
    mkdirSync(join(workDir, lock.artifact), { recursive: true });
    writeFileSync(join(workDir, lock.artifact, 'pom.xml'), renderPom(lock, libDir));
  }
  const own = fresh ? [`-Dmaven.repo.local=${join(workDir, 'repository')}`] : [];
  await run({
    argv: [mvn, '--batch-mode', '--file', join(workDir, 'pom.xml'), '--threads', '2', ...own, copyGoal],
    // Maven's own start script needs to find a Java, and the one of the cache is not on the PATH.
    env: {
      ...env,
      JAVA_HOME: dirname(dirname(java)),
      MAVEN_OPTS: [env.MAVEN_OPTS ?? '', ...javaOptions].join(' ').trim(),
    },
    onLine: (line) => {
      const file = /^\[INFO\] (?:Downloaded from \S+: \S*\/|Copying )([^/ ]+\.jar)/.exec(line)?.[1];
      if (file !== undefined) onJar(file);
    },
    signal,
  });
}

const pomHead = '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>';

export function renderParentPom(modules: readonly string[]): string {
  const list = modules.map((name) => `<module>${name}</module>`).join('');
  return `${pomHead}<groupId>millrace</groupId><artifactId>artifacts</artifactId><version>1</version><packaging>pom</packaging><modules>${list}</modules></project>\n`;
}

export function renderPom({ artifact, jars }: Pick<MavenLock, 'artifact' | 'jars'>, libDir: string): string {
  return `${pomHead}<groupId>millrace</groupId><artifactId>${artifact}</artifactId><version>1</version><packaging>pom</packaging>
<properties><outputDirectory>${escapeXml(libDir)}</outputDirectory></properties>
<dependencies>
${jars.map(renderPomDependency).join('\n')}
</dependencies></project>
`;
}

function renderPomDependency({ group, name, version, classifier }: Jar): string {
  const part = classifier === '' ? '' : `<classifier>${classifier}</classifier>`;
  return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version>${part}<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>`;
}

/**
 * Ivy's usual repository, but without reading the poms: nothing is resolved here, and reading them (with their parents, one
 * after the other) took more than half of the time.
 */
const ivySettings =
  '<ivysettings><settings defaultResolver="public"/><resolvers><ibiblio name="public" m2compatible="true" usepoms="false"/></resolvers></ivysettings>\n';

/** One run of Ivy for one artifact. Its cache stays in `cacheDir`, so that what has come is not fetched again. */
export async function fetchByIvy(
  ivyJar: string,
  { lock, libDir }: MavenFetch,
  options: MavenOptions & { readonly cacheDir: string },
): Promise<void> {
  const { workDir, java, javaOptions, env, onJar, signal, fresh } = options;
  const named = join(workDir, lock.artifact);
  const [settings, modules] = [`${named}-settings.xml`, `${named}-ivy.xml`];
  const cacheDir = join(fresh ? join(workDir, 'ivy') : options.cacheDir, lock.artifact);
  writeFileSync(settings, ivySettings);
  writeFileSync(modules, renderIvy(lock));
  const own = ['-settings', settings, '-cache', cacheDir, '-ivy', modules, '-confs', 'default', ...ivyRetrieve(libDir)];
  await run({
    argv: [java, ...javaOptions, '-jar', ivyJar, ...own],
    env,
    onLine: (line) => {
      const jar = /\[SUCCESSFUL \] [^#]+#([^;]+);([^!]+)!(\S+)\.jar/.exec(line);
      if (jar !== null) onJar(`${jar[1]}-${jar[2]}.jar`);
    },
    signal,
  });
}

function ivyRetrieve(libDir: string): string[] {
  return ['-retrieve', join(libDir, '[artifact]-[revision](-[classifier]).[ext]'), '-m2compatible'];
}

/** One dependency per module; a module with several jars (classifiers) names each. */
export function renderIvy({ artifact, jars }: Pick<MavenLock, 'artifact' | 'jars'>): string {
  const modules = Map.groupBy(jars, ({ group, name, version }) => `${group}:${name}:${version}`);
  return `<ivy-module version="2.0" xmlns:m="http://ant.apache.org/ivy/maven">
<info organisation="millrace" module="${artifact}"/><configurations><conf name="default"/></configurations>
<dependencies>
${[...modules.values()].map(renderIvyDependency).join('\n')}
</dependencies></ivy-module>
`;
}

function renderIvyDependency(jars: readonly Jar[]): string {
  const { group, name, version } = jars[0]!;
  const artifacts = jars.map(({ classifier }) => {
    const part = classifier === '' ? '' : ` m:classifier="${classifier}"`;
    return `<artifact name="${name}" type="jar" ext="jar"${part}/>`;
  });
  return `<dependency org="${group}" name="${name}" rev="${version}" conf="default" transitive="false">${artifacts.join('')}</dependency>`;
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
