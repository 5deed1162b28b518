import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { buildConsole, consoleDirectory } from '../../../platform/console/build.ts';

const root = new URL('../../..', import.meta.url).pathname;
let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'millrace-console-'));
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

const partial = () => (existsSync(join(cache, 'partial')) ? readdirSync(join(cache, 'partial')) : []);

describe('the build of the console', () => {
  it('is made once by all who ask at once, and whole', async () => {
    const [one, other] = await Promise.all([buildConsole(cache, root), buildConsole(cache, root)]);
    expect(one).toBe(other);
    expect(one).toBe(consoleDirectory(cache, root));
    expect(readdirSync(cache).filter((name) => name.startsWith('console-'))).toHaveLength(1);
    expect(partial()).toEqual([]);
    const page = readFileSync(join(one, 'index.html'), 'utf8');
    expect(page.match(/<script(?![^>]*\bsrc=)/g)).toBeNull();
    expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|https?:/);
    for (const [, path] of page.matchAll(/(?:src|href)="\/([^"]+)"/g)) expect(existsSync(join(one, path!))).toBe(true);
  }, 60_000);

  it('leaves nothing that could be taken for a console when it is killed, and the next one cleans up', async () => {
    const directory = consoleDirectory(cache, root);
    const program = join(root, 'platform', 'console', 'runBuild.ts');
    // What a build that was killed in the middle has left.
    mkdirSync(join(cache, 'partial', 'console-1', 'assets'), { recursive: true });
    const child = spawn(process.execPath, [program, cache, root, directory], { stdio: 'ignore' });
    while (partial().includes('console-1') && child.exitCode === null) await sleep(5);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const seen = existsSync(directory);
    if (seen) expect(existsSync(join(directory, 'index.html'))).toBe(true);
    expect(await buildConsole(cache, root)).toBe(directory);
    expect(existsSync(join(directory, 'index.html'))).toBe(true);
    expect(partial()).toEqual([]);
  }, 60_000);

  it('is another one when a source is another', () => {
    const copy = join(cache, 'checkout');
    mkdirSync(join(copy, 'platform', 'console'), { recursive: true });
    for (const name of ['app', 'runBuild.ts', 'tsconfig.json']) {
      cpSync(join(root, 'platform', 'console', name), join(copy, 'platform', 'console', name), { recursive: true });
    }
    cpSync(join(root, 'package-lock.json'), join(copy, 'package-lock.json'));
    expect(consoleDirectory(cache, copy)).toBe(consoleDirectory(cache, root));
    writeFileSync(join(copy, 'platform', 'console', 'app', 'main.tsx'), '// another\n');
    expect(consoleDirectory(cache, copy)).not.toBe(consoleDirectory(cache, root));
  });
});
