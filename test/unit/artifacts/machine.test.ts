import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { withoutCredentials } from '../../../platform/artifacts/command.ts';
import { type DoctorReport, examineMachine } from '../../../platform/artifacts/doctor.ts';
import { judgeLimits, judgeMemory, judgePorts, pipelineMiB } from '../../../platform/artifacts/doctor-machine.ts';
import { findJava } from '../../../platform/artifacts/java.ts';
import { shareOut } from '../../../platform/cluster/cluster-file.ts';
import { expectedCapabilities } from '../../../platform/cluster/process/agent/limits.ts';
import { controlPlaneMiB } from '../../../platform/model/controlPlane.ts';
import type { Plan } from '../../../platform/model/plan.ts';
import { createTestHome } from '../../e2e/cli.ts';

let directory: string;

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-machine-')));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function makeJava(version: string): string {
  const home = join(directory, `java-${version}`);
  mkdirSync(join(home, 'bin'), { recursive: true });
  writeFileSync(join(home, 'bin', 'java'), '#!/bin/sh\n');
  chmodSync(join(home, 'bin', 'java'), 0o755);
  writeFileSync(join(home, 'release'), `JAVA_VERSION="${version}"\n`);
  return home;
}

describe('the machine’s Java', () => {
  test('JAVA_HOME goes first, and only version 17 will do', () => {
    const [seventeen, newer] = [makeJava('17.0.1'), makeJava('21.0.2')];
    const env = { JAVA_HOME: newer, PATH: join(seventeen, 'bin') };
    expect(findJava(env)).toEqual({ executable: join(seventeen, 'bin', 'java'), version: '17.0.1' });
  });

  test('MILLRACE_JAVA=bundled asks for the one of the cache', () => {
    expect(findJava({ JAVA_HOME: makeJava('17.0.1'), MILLRACE_JAVA: 'bundled' })).toBeUndefined();
  });
});

describe('examining a machine that has nothing', () => {
  test('names what is missing, with the command for each system', async () => {
    const report = await examineMachine({ cache: directory, env: { PATH: '/nowhere', MILLRACE_JAVA: 'bundled' } });
    const line = (name: string, group?: string) =>
      report.lines.find((each) => each.name === name && (group === undefined || each.group === group));
    expect(report.ok).toBe(false);
    expect(line('python3')).toMatchObject({
      state: 'missing',
      remedy: expect.stringContaining('dnf install -y python3'),
    });
    expect(line('npm')).toMatchObject({ state: 'missing', remedy: expect.stringContaining('brew install node') });
    expect(line('mvn')?.state).toBe('not-needed');
    expect(line('kafka', 'artifact')).toMatchObject({ state: 'missing', remedy: 'millrace fetch' });
    expect(line('memory')?.detail).toMatch(/^\d+ of \d+ MiB available/);
    expect(line('address 127.0.0.1')?.state).toBe('present');
  });
});

describe('limits', () => {
  test('of CPU are never said to be kept where they are shares', () => {
    const kernel = judgeLimits({ memoryLimit: 'enforced', cpuLimit: 'advisory' });
    expect(kernel).toMatchObject({
      state: 'present',
      detail: expect.stringMatching(/^memory .* kept .*; CPU .* advisory/),
    });
    const none = judgeLimits({ memoryLimit: 'advisory', cpuLimit: 'advisory' });
    expect(none).toMatchObject({ state: 'not-needed', detail: expect.not.stringContaining('kept') });
  });
});

describe('ports', () => {
  const listener = { address: '127.0.0.1', port: 19_003, owner: 'python3 (pid 7)' };
  const range = { first: 18_993, last: 19_099 };

  test('of others are told with their owner, and are a fault only where a task has the port', () => {
    expect(judgePorts({ ...range, foreign: [] })).toMatchObject({
      name: 'ports 18993–19099',
      state: 'present',
      remedy: '',
    });
    const passed = judgePorts({ ...range, foreign: [listener] });
    expect(passed).toMatchObject({
      state: 'present',
      detail: expect.stringContaining('127.0.0.1:19003 is taken by python3 (pid 7)'),
    });
    const clash = judgePorts({ ...range, foreign: [{ ...listener, task: 'kafka.broker.0' }] });
    expect(clash).toMatchObject({ state: 'broken', detail: expect.stringContaining("is task kafka.broker.0's") });
    expect(clash.remedy).not.toBe('');
  });

  test('the command tells a real listener with its process, and limits as the plan does', async () => {
    const home = createTestHome(29_700);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(29_750, '127.0.0.1', resolve));
    try {
      const { stdout } = await home.run('doctor', '--json');
      const { lines } = JSON.parse(stdout) as DoctorReport;
      const found = (name: string) => lines.find((each) => each.name.startsWith(name));
      expect(found('ports')).toMatchObject({
        name: 'ports 29693–29799',
        state: 'present',
        detail: expect.stringMatching(new RegExp(`^127.0.0.1:29750 is taken by .* \\(pid ${process.pid}\\)`)),
      });
      const { memoryLimit } = expectedCapabilities();
      expect(found('limits')?.state).toBe(memoryLimit === 'enforced' ? 'present' : 'not-needed');
      expect(lines.filter(({ name }) => name.includes('(artifact)'))).toEqual([]);
    } finally {
      server.close();
      await home.purge();
    }
  }, 60_000);
});

describe('memory', () => {
  const machine = { totalMiB: 8000, availableMiB: 6000, limited: false };

  test('that other programs use does not count; what this home uses already does', () => {
    expect(judgeMemory(machine, 0)).toMatchObject({ state: 'present', remedy: '' });
    expect(judgeMemory({ ...machine, availableMiB: 3096 }, 0)).toMatchObject({
      state: 'missing',
      remedy: expect.stringMatching(/^Free 1000 MiB/),
    });
    expect(judgeMemory({ ...machine, availableMiB: 3096 }, 3000)).toMatchObject({
      state: 'present',
      detail: "3096 of 8000 MiB available, 3000 in use by this home's tasks",
    });
  });

  test('is enough from where on planning can share out what flight-delays asks for', async () => {
    const home = createTestHome(29_800);
    const { totals } = await home.json<Plan>('plan', 'flight-delays');
    await home.purge();
    const asked = totals.asked.memoryMiB;
    expect(asked).toBe(pipelineMiB);
    const least = controlPlaneMiB + asked;
    const node = (memoryMiB: number) =>
      shareOut({ nodes: 1 }, { cores: 2, memoryMiB, diskMiB: 9000 })[0]!.resources.memoryMiB;
    expect([node(least) >= asked, node(least - 1) >= asked]).toEqual([true, false]);
    expect(judgeMemory({ ...machine, totalMiB: least }, 0).state).toBe('present');
    expect(judgeMemory({ ...machine, totalMiB: least - 1 }, 0)).toMatchObject({
      state: 'missing',
      remedy: expect.stringContaining(`Give the machine ${least} MiB`),
    });
  });
});

test('a password in an address does not reach an error', () => {
  expect(withoutCredentials('Looking in indexes: https://me:secret@host/simple')).toBe(
    'Looking in indexes: https://***@host/simple',
  );
});
