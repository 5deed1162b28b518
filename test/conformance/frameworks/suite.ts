/** What every framework package must do on its real server: one suite, run for each. */

import { once } from 'node:events';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { FrameworkAccess, FrameworkPackage } from '../../../platform/frameworks/contract.ts';
import { artifactsForTests } from './artifacts.ts';
import { makeRoom, type Room } from './room.ts';
import { end, type RunningTask, start, untilReady, visibleText } from './runner.ts';

/** Something that is written before the server is killed and must be there afterwards. */
export interface Durability<O> {
  /** Whether the server itself refuses a data directory of another installation, and ends. */
  readonly refusesForeignData: boolean;
  write(access: FrameworkAccess<O>): Promise<void>;
  read(access: FrameworkAccess<O>): Promise<boolean>;
}

/** The server of a suite; `access` and `task` are there from `beforeAll` on. */
export interface Server<O> {
  room: Room<O>;
  task: RunningTask;
  /** Ends the server with its stop signal, starts it on the same data, and waits until it is ready. */
  restart(): Promise<void>;
}

/** Longest time for a boot, and for any verb, on a loaded machine. */
export const bootMs = 240_000;
jest.setTimeout(120_000);

export function frameworkSuite<O>(
  framework: FrameworkPackage<O>,
  firstPort: number,
  durability: Durability<O>,
  verbs: (server: Server<O>) => void,
): void {
  describe(`${framework.name} ${framework.version}`, () => {
    const server = {} as Server<O>;
    const boot = async () => {
      server.task = start(framework.render(server.room.context(0)), server.room.root);
      await untilReady(framework, server.room.access, server.room.context(0).placement, server.task);
    };
    server.restart = async () => {
      await end(server.task);
      await boot();
    };
    beforeAll(async () => {
      server.room = makeRoom(framework, {}, { artifacts: await artifactsForTests(), firstPort });
      await boot();
    }, bootMs);
    afterAll(async () => {
      if (server.task) await end(server.task);
      if (server.room) rmSync(server.room.root, { recursive: true, force: true });
    }, bootMs);

    identity(framework, server);
    secrecy(server);
    describe('admin verbs', () => verbs(server));
    it(
      'keeps what was acknowledged over kill -9',
      async () => {
        await durability.write(server.room.access);
        await end(server.task, 'SIGKILL');
        await boot();
        expect(await durability.read(server.room.access)).toBe(true);
      },
      bootMs,
    );
    it(
      'ends by itself on its stop signal and then is not ready',
      async () => {
        await end(server.task);
        expect(server.task.process.signalCode).not.toBe('SIGKILL');
        const { ready, waitingFor } = await framework.ready(server.room.access, server.room.context(0).placement);
        expect(ready).toBe(false);
        expect(waitingFor).not.toBe('');
      },
      bootMs,
    );
    if (!durability.refusesForeignData) return;
    it(
      'does not start on the data of another installation',
      async () => {
        const spec = framework.render({ ...server.room.context(0), identity: 'another' });
        server.task = start(spec, server.room.root);
        await once(server.task.process, 'exit');
        expect(server.task.process.exitCode).toBeGreaterThan(0);
      },
      bootMs,
    );
  });
}

function identity<O>(framework: FrameworkPackage<O>, server: Server<O>): void {
  it('refuses a server that does not take our password', async () => {
    const stranger = { ...server.room.access, secret: () => 'not-the-password' };
    const asked = framework.ready(stranger, server.room.context(0).placement);
    await expect(asked).rejects.toMatchObject({ code: 'WRONG_IDENTITY' });
  });
  it('refuses a server of another installation, even with the right password', async () => {
    const asked = framework.ready({ ...server.room.access, identity: 'another' }, server.room.context(0).placement);
    await expect(asked).rejects.toMatchObject({ code: 'WRONG_IDENTITY' });
  });
}

function secrecy<O>(server: Server<O>): void {
  it('shows no secret in its command line, environment or log', () => {
    const visible = `${visibleText(server.task)}\n${readFileSync(server.task.logFile, 'utf8')}`;
    expect(server.room.secrets().length).toBeGreaterThan(0);
    for (const secret of server.room.secrets()) expect(visible.includes(secret)).toBe(false);
  });
  it('keeps every file that holds a secret to its owner', () => {
    for (const { path, content } of server.task.spec.files) {
      if (!server.room.secrets().some((secret) => content.includes(secret))) continue;
      expect(statSync(join(server.task.directory, path)).mode & 0o777).toBe(0o600);
    }
  });
}
