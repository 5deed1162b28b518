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

/**
 * Gives the directory with one jar per framework that has sources (`kafka.jar`, `spark.jar`), compiled once per state of the
 * sources and pinned versions. Throws JAVA_COMPILE_FAILED with the compiler's words.
 */
export async function ensureJavaClasses(options: CompileOptions): Promise<string> {
  const { cache, frameworksDir = ownFrameworksDir } = options;
  const all = findSources(frameworksDir);
  const classPaths = await classPathsOf(cache);
  const directory = join(cache, `java-classes-${hashOf(frameworksDir, all, classPaths)}`);
  if (existsSync(directory)) return directory;
  await withWorkDir(cache, 'java-classes', async (workDir) => {
    if (existsSync(directory)) return;
    const began = performance.now();
    const tell = tellerOf(options.onProgress, began);
    tell('fetching', 0);
    const made = join(workDir, 'jars');
    mkdirSync(made);
    const compileOne = async ({ framework, files }: FrameworkSources) => {
      const classPath = classPaths.get(framework) ?? [];
      const jar = await compile({ ...options, framework, files, classPath, classesDir: join(workDir, framework) });
      writeFileSync(join(made, `${framework}.jar`), jar);
      return jar.length;
    };
    const sizes = await Promise.all(all.map(compileOne));
    renameSync(made, directory);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    tell('finished', bytes);
  });
  return directory;
}

function tellerOf(onProgress: OnProgress = () => {}, began: number) {
  return (state: 'fetching' | 'finished', bytes: number) =>
    onProgress({
      artifact: 'java-classes',
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

function hashOf(
  frameworksDir: string,
  all: readonly FrameworkSources[],
  classPaths: ReadonlyMap<string, string[]>,
): string {
  const hash = createHash('sha256').update(JSON.stringify([javaMajor, [...classPaths]]));
  for (const file of all.flatMap(({ files }) => files))
    hash.update(file.slice(frameworksDir.length)).update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}

/**
 * Two of Cassandra's jars carry classes of `java.util` and `java.lang`. The virtual machine ignores those, but the compiler
 * takes them for a second module with the same packages, and then finds no class of Java at all.
 */
function isUsable(jar: string): boolean {
  return !pathsIn(readFileSync(jar)).some((path) => path.startsWith('java/'));
}

interface Compilation extends CompileOptions, FrameworkSources {
  readonly classPath: readonly string[];
  readonly classesDir: string;
}

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
