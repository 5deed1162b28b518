/** Runs the bootstrap script itself, as a person would. Takes Node and packages from where this test run has them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..', '..');
const { config } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { config: { node: string } };
let scratch: string;

beforeAll(() => {
  scratch = realpathSync(mkdtempSync(join(tmpdir(), 'millrace bootstrap ')));
  const program =
    'const said: unknown = [process.version, ...process.argv.slice(2)];\nconsole.log(JSON.stringify(said));\n';
  writeFileSync(join(scratch, 'said.ts'), program);
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** `env` replaces the environment but for PATH, HOME and what names the cache. */
function millrace(script: string, argv: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { PATH, HOME, MILLRACE_CACHE, XDG_CACHE_HOME } = process.env;
  const kept = Object.entries({ PATH, HOME, MILLRACE_CACHE, XDG_CACHE_HOME, ...env }).filter(
    ([, value]) => value !== undefined,
  );
  return spawnSync(script, argv, { cwd: scratch, encoding: 'utf8', env: Object.fromEntries(kept) });
}

const linuxOnly = process.platform === 'linux' ? test : test.skip;

describe('./millrace', () => {
  test('runs a TypeScript file on the pinned Node, from any folder, through links, and says nothing itself', () => {
    symlinkSync(join(root, 'millrace'), join(scratch, 'first link'));
    symlinkSync('first link', join(scratch, 'second link'));
    millrace(join(root, 'millrace'), ['exec', 'said.ts']);
    const { status, stdout, stderr } = millrace(join(scratch, 'second link'), ['exec', 'said.ts', 'a b', '', '*']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [version, ...argv] = JSON.parse(stdout) as string[];
    expect(argv).toEqual(['a b', '', '*']);
    if (process.platform === 'linux') expect(version).toBe(`v${config.node}`);
  });

  test('passes the exit code on', () => {
    writeFileSync(join(scratch, 'seven.ts'), 'process.exit(7);\n');
    expect(millrace(join(root, 'millrace'), ['exec', 'seven.ts']).status).toBe(7);
  });

  test('exec without a file is refused', () => {
    const { status, stderr } = millrace(join(root, 'millrace'), ['exec']);
    expect(status).toBe(4);
    expect(stderr).toContain('./millrace exec FILE');
  });

  linuxOnly('a cache that can not be made is told in one message', () => {
    const { status, stdout, stderr } = millrace(join(root, 'millrace'), ['version'], { MILLRACE_CACHE: '/proc/nope' });
    expect({ status, stdout }).toEqual({ status: 4, stdout: '' });
    expect(stderr).toBe(
      'millrace: The cache /proc/nope can not be made or written to. Point MILLRACE_CACHE to a directory that you can write to, then run the command again.\n',
    );
  });

  test.each([undefined, ''])('without HOME (%j), what to set is told in one message', (HOME) => {
    const env = { HOME, MILLRACE_CACHE: undefined, XDG_CACHE_HOME: undefined };
    const { status, stderr } = millrace(join(root, 'millrace'), ['version'], env);
    expect(status).toBe(4);
    expect(stderr).toMatch(/^millrace: HOME is not set, so that there is no place for the cache\. Set HOME, or point /);
  });

  linuxOnly('without npm and Node, one message names the command for each system, and nothing is left', () => {
    const bin = join(scratch, 'bin');
    mkdirSync(bin);
    for (const tool of ['sh', 'sed', 'uname', 'readlink', 'cmp', 'mkdir', 'rm']) {
      symlinkSync(spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.trim(), join(bin, tool));
    }
    const cache = join(scratch, 'no cache');
    const { status, stderr } = millrace(join(root, 'millrace'), ['status'], { PATH: bin, MILLRACE_CACHE: cache });
    expect(status).toBe(4);
    for (const command of ['apt-get install -y nodejs npm', 'dnf install -y nodejs npm', 'brew install node']) {
      expect(stderr).toContain(command);
    }
  });
});
