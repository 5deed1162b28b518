/**
 * Compiles our Java (launchers and the generic SQL runner, platform/frameworks/<name>/java) with the compiler that comes
 * among Cassandra's jars (ECJ): a Java runtime without javac is enough.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, MillraceError } from '../errors.ts';
import { run } from './command.ts';
import { packJar, pathsIn } from './jar.ts';
import { javaMajor } from './java.ts';
import type { OnProgress } from './progress.ts';
import { ensureSparkHome } from './spark.ts';
import { placeOf, withWorkDir } from './store.ts';

export interface JavaSources {
  /** Directory whose folders <framework>/java hold sources; default: platform/frameworks. */
  readonly frameworksDir?: string;
}

export interface CompileOptions extends JavaSources {
  readonly cache: string;
  /** The Java executable. */
  readonly java: string;
  readonly onProgress?: OnProgress;
}

interface FrameworkSources {
  readonly framework: string;
  readonly files: readonly string[];
}

const ownFrameworksDir = join(import.meta.dirname, '..', 'frameworks');

/** Our compiled Java: a jar of each framework that has sources. */
export type JavaClasses = Readonly<Record<string, string>>;

/**
 * Gives the jars by framework. Each is compiled once per state of its own sources and pinned versions, so that an edit of one
 * framework's Java leaves the jars of the others, and the class-data archives made with them, as they are. Throws
 * JAVA_COMPILE_FAILED with the compiler's words.
 */
export async function ensureJavaClasses(options: CompileOptions): Promise<JavaClasses> {
  const { cache, frameworksDir = ownFrameworksDir } = options;
  const all = findSources(frameworksDir);
  const classPaths = await classPathsOf(cache);
  const ensure = async (sources: FrameworkSources): Promise<[string, string]> => {
    const classPath = classPaths.get(sources.framework) ?? [];
    return [sources.framework, await ensureJar({ ...options, ...sources, frameworksDir, classPath })];
  };
  return Object.fromEntries(await Promise.all(all.map(ensure)));
}

type Jar = CompileOptions &
  FrameworkSources & { readonly frameworksDir: string; readonly classPath: readonly string[] };

async function ensureJar(jar: Jar): Promise<string> {
  const { cache, framework } = jar;
  const file = join(cache, 'java-classes', `${framework}-${hashOf(jar)}.jar`);
  if (existsSync(file)) return file;
  await withWorkDir(cache, `java-classes-${framework}`, async (workDir) => {
    if (existsSync(file)) return;
    const tell = tellerOf(jar, performance.now());
    tell('fetching', 0);
    const content = await compile({ ...jar, classesDir: join(workDir, framework) });
    const made = join(workDir, `${framework}.jar`);
    writeFileSync(made, content);
    mkdirSync(join(cache, 'java-classes'), { recursive: true });
    renameSync(made, file);
    tell('finished', content.length);
  });
  return file;
}

function tellerOf({ framework, onProgress = () => {} }: Jar, began: number) {
  return (state: 'fetching' | 'finished', bytes: number) =>
    onProgress({
      artifact: `java-classes of ${framework}`,
      version: '',
      state,
      bytes,
      totalBytes: bytes,
      seconds: (performance.now() - began) / 1000,
      detail: '',
    });
}

function findSources(frameworksDir: string): FrameworkSources[] {
  return readdirSync(frameworksDir)
    .sort()
    .filter((framework) => existsSync(join(frameworksDir, framework, 'java')))
    .map((framework) => ({ framework, files: javaFilesUnder(join(frameworksDir, framework, 'java')) }))
    .filter(({ files }) => files.length > 0);
}

function javaFilesUnder(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.java'))
    .sort()
    .map((file) => join(directory, file));
}

/** By framework, the directories whose jars its sources are compiled against. Their names hold the hash of their lock. */
async function classPathsOf(cache: string): Promise<Map<string, string[]>> {
  return new Map([
    ['kafka', [join(placeOf(cache, 'kafka').directory, 'lib')]],
    ['cassandra', [join(placeOf(cache, 'cassandra').directory, 'lib')]],
    ['spark', [await ensureSparkHome(cache)]],
  ]);
}

function hashOf({ frameworksDir, classPath, files }: Jar): string {
  const hash = createHash('sha256').update(JSON.stringify([javaMajor, classPath]));
  for (const file of files) hash.update(file.slice(frameworksDir.length)).update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}

/**
 * Two of Cassandra's jars carry classes of `java.util` and `java.lang`. The virtual machine ignores those, but the compiler
 * takes them for a second module with the same packages, and then finds no class of Java at all.
 */
function isUsable(jar: string): boolean {
  return !pathsIn(readFileSync(jar)).some((path) => path.startsWith('java/'));
}

type Compilation = Jar & { readonly classesDir: string };

async function compile({ cache, java, framework, files, classPath, classesDir }: Compilation): Promise<Buffer> {
  const jars = classPath
    .flatMap((directory) => readdirSync(directory).map((jar) => join(directory, jar)))
    .filter(isUsable);
  const ecj = readdirSync(join(placeOf(cache, 'cassandra').directory, 'lib')).find((jar) => /^ecj-.*\.jar$/.test(jar));
  if (ecj === undefined) return fail('ARTIFACT_MISSING', { cache, artifacts: 'ecj (a jar of Cassandra)' });
  mkdirSync(classesDir);
  const argumentsFile = `${classesDir}.arguments`;
  // Not --release: that needs a table of signatures which only a JDK has. Annotation processors among the jars stay off.
  const options = [
    '-source',
    `${javaMajor}`,
    '-target',
    `${javaMajor}`,
    '-proc:none',
    '-nowarn',
    '-encoding',
    'UTF-8',
    '-g',
  ];
  const list = [...options, '-classpath', jars.join(':'), '-d', classesDir, ...files];
  writeFileSync(argumentsFile, list.map((argument) => `"${argument}"\n`).join(''));
  try {
    const compiler = join(placeOf(cache, 'cassandra').directory, 'lib', ecj);
    await run({ argv: [java, '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-jar', compiler, `@${argumentsFile}`] });
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    // The first problem is the one to mend; the last ones mostly follow from it.
    return fail('JAVA_COMPILE_FAILED', { framework, output: error.details.head }, error);
  }
  const classes = readdirSync(classesDir, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.class'),
  );
  return packJar(classes.map((path) => ({ path, content: readFileSync(join(classesDir, path)) })));
}
