/**
 * `npm test`: every check and every test, one after the other, on the real servers, in private directories and ports.
 * Ends with the line `N passed, N failed`; where tests were skipped, a line before it says so. `npm test -- unit` runs one stage; each stage's name is its folder under test/. What the
 * stages leave behind (processes, ports, files) is a failure, and named. What failed is said again at the end.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchArtifacts } from '../platform/artifacts/fetch.ts';
import { cacheOf } from '../platform/home.ts';
import { findChromium } from './browser/chromium.ts';
import { endingOf, type JestEnd, jestOutcome, type Outcome } from './ending.ts';
import { openTestRoom } from './leftovers.ts';
import { clearScreenshots, screenshotsLine, screenshotsOf } from './screenshots.ts';
import { timesIn } from './times.ts';

interface Stage {
  readonly name: string;
  run(): Promise<Outcome>;
}

/** How long jest may stay when its report is written: what is still open then was left open by a test. */
const stayMs = 30_000;

/** Stay when the run has ended, unlike all else that it makes. */
const screenshots = screenshotsOf(process.env);
const stagesWithScreenshots = ['conformance', 'browser'];
/** Said again at the end. */
const failures: string[] = [];
const root = new URL('..', import.meta.url).pathname;
const bin = (name: string) => join(root, 'node_modules', '.bin', name);

const stages: readonly Stage[] = [
  { name: 'types', run: checkTypes },
  { name: 'lint', run: () => check(bin('biome'), 'check', '--error-on-warnings', '.') },
  { name: 'imports', run: () => check(process.execPath, 'test/imports.ts') },
  { name: 'unit', run: () => jest('unit') },
  { name: 'artifacts', run: bringArtifacts },
  { name: 'conformance', run: () => jest('conformance') },
  { name: 'replay', run: () => jest('replay') },
  { name: 'browser', run: browse },
  { name: 'e2e', run: () => jest('e2e') },
];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !stages.some((stage) => stage.name === name));
if (unknown.length > 0) {
  console.error(`There is no stage ${unknown.join(', ')}. Stages: ${stages.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}
const chosen = asked.length === 0 ? stages : stages.filter(({ name }) => asked.includes(name));
const takesScreenshots = chosen.some(({ name }) => stagesWithScreenshots.includes(name));
if (takesScreenshots) clearScreenshots(screenshots);
const room = openTestRoom();
let total: Outcome = { passed: 0, failed: 0, skipped: 0 };
for (const stage of chosen) {
  const startMs = Date.now();
  console.log(`\n== ${stage.name}`);
  const outcome = await stage.run();
  const seconds = ((Date.now() - startMs) / 1000).toFixed(1);
  console.log(`== ${stage.name}: ${outcome.passed} passed, ${outcome.failed} failed in ${seconds} s`);
  total = add(total, outcome);
}
const left = await room.leftovers();
for (const line of left) console.log(`left behind: ${line}`);
if (left.length > 0) console.log(`Files that are left are in ${room.directory}.`);
if (takesScreenshots) console.log(`\n${screenshotsLine(screenshots) ?? 'Screenshots: none were taken.'}`);
total = add(total, { passed: left.length > 0 ? 0 : 1, failed: left.length > 0 ? 1 : 0, skipped: 0 });
for (const line of endingOf(total, failures)) console.log(line);
process.exitCode = total.failed > 0 ? 1 : 0;

function add(a: Outcome, b: Outcome): Outcome {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

async function check(command: string, ...args: string[]): Promise<Outcome> {
  const { code } = await ended(command, args, {});
  if (code !== 0) failures.push(`${[command, ...args].join(' ')}: exit code ${code}`);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

/** What runs in a browser has configurations of its own. */
async function checkTypes(): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  for (const project of ['.', 'platform/console', 'test/browser']) {
    outcomes.push(await check(bin('tsc'), '-p', project));
  }
  return outcomes.reduce(add);
}

/** Without a browser nothing of this can run: it is counted as skipped, file by file, and said. */
async function browse(): Promise<Outcome> {
  if (findChromium() !== undefined) return jest('browser');
  const files = readdirSync(join(root, 'test', 'browser')).filter((name) => name.endsWith('.test.ts'));
  console.log(
    `SKIPPED: ${files.length} files of browser tests. There is no chromium here: apt-get install -y chromium`,
  );
  return { passed: 0, failed: 0, skipped: files.length };
}

/** Brings the servers' artifacts in, so that no test waits for a registry. */
async function bringArtifacts(): Promise<Outcome> {
  try {
    await fetchArtifacts({ cache: cacheOf(process.env) });
    return { passed: 1, failed: 0, skipped: 0 };
  } catch (error) {
    console.error(error);
    failures.push(`the artifacts could not be brought: ${error instanceof Error ? error.message : String(error)}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** A test that leaves a client or a process open is a failure of its own: it is named, and does not keep the run from ending. */
async function jest(folder: string): Promise<Outcome> {
  // Jest keeps its cache among temporary files unless told otherwise; it may stay from run to run.
  const cache = join(cacheOf(process.env), 'jest');
  const directory = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  const report = join(directory, 'report.json');
  const args = [
    'node_modules/jest/bin/jest.js',
    '--config',
    'jest.config.mjs',
    '--runInBand',
    `--cacheDirectory=${cache}`,
  ];
  const paths = [`test/${folder}/`, ...(folder === 'unit' ? ['blueprints/'] : [])];
  const { code, isKilled } = await ended(
    process.execPath,
    [...args, '--json', `--outputFile=${report}`, ...paths],
    {
      NODE_OPTIONS:
        '--experimental-vm-modules --disable-warning=ExperimentalWarning --disable-warning=TimeoutNegativeWarning',
    },
    report,
  );
  const seen = reportIn(report);
  for (const line of seen === undefined ? [] : timesIn(seen, root)) console.log(line);
  const { outcome, failures: found } = jestOutcome(folder, { code, isKilled, report: seen }, root);
  failures.push(...found);
  rmSync(directory, { recursive: true, force: true });
  return outcome;
}

function reportIn(file: string): JestEnd['report'] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JestEnd['report'];
  } catch {
    return undefined;
  }
}

/** With `report`: the file with which the program says that it is done, and after which it has to end. */
function ended(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
  report?: string,
): Promise<Omit<JestEnd, 'report'>> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, ...env, TMPDIR: room.directory, MILLRACE_SCREENSHOTS: screenshots },
    });
    let timer: NodeJS.Timeout | undefined;
    let isKilled = false;
    const giveUp = () => {
      isKilled = true;
      console.error('Something that a test left open keeps jest from ending: find it with --detectOpenHandles.');
      child.kill('SIGKILL');
    };
    const watch = () => {
      timer = report !== undefined && existsSync(report) ? setTimeout(giveUp, stayMs) : setTimeout(watch, 1000);
    };
    watch();
    const finish = (code: number) => {
      clearTimeout(timer);
      resolve({ code, isKilled });
    };
    child.on('error', (error) => {
      console.error(error.message);
      finish(127);
    });
    child.on('exit', (code) => finish(code ?? 1));
  });
}
