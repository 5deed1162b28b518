import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { withExclusive } from '../../../platform/artifacts/exclusive.ts';

const source = join(import.meta.dirname, '..', '..', '..', 'platform', 'artifacts', 'exclusive.ts');
let directory: string;
const owners: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-exclusive-'));
});

afterEach(() => {
  for (const owner of owners.splice(0)) owner.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

describe('mutual exclusion', () => {
  test('within a process, one at a time', async () => {
    const file = join(directory, 'lock');
    let inside = 0;
    const work = async () => {
      inside += 1;
      expect(inside).toBe(1);
      await delay(20);
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(() => withExclusive(file, work)));
  });

  test('a throwing owner lets go', async () => {
    const file = join(directory, 'lock');
    await expect(withExclusive(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(withExclusive(file, async () => 7)).resolves.toBe(7);
  });

  test('the owner is named to those who wait, and a killed one lets go', async () => {
    const file = join(directory, 'lock');
    // It collects garbage all the time: the lock must not go with it.
    const program = `import { withExclusive } from ${JSON.stringify(source)};
      setInterval(gc, 20);
      await withExclusive(${JSON.stringify(file)}, () => { console.log('mine'); return new Promise(() => {}); });`;
    const owner = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    owners.push(owner);
    await once(owner.stdout, 'data');
    const waits: (number | undefined)[] = [];
    const mine = withExclusive(
      file,
      async () => 'mine',
      ({ ownerPid }) => {
        waits.push(ownerPid);
        owner.kill('SIGKILL');
      },
    );
    await expect(mine).resolves.toBe('mine');
    expect(waits[0]).toBe(owner.pid);
  });
});
