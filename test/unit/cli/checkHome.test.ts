import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { checkHomeFor } from '../../../platform/cli/checkHome.ts';
import { portBaseOf } from '../../../platform/control/start.ts';
import { cacheOf, homeOf } from '../../../platform/home.ts';

const root = mkdtempSync(join(tmpdir(), 'millrace-check-home-'));
afterAll(() => rmSync(root, { recursive: true }));
const file = join(root, 'file');
writeFileSync(file, '');

const check = (command: string, home: string) => () => checkHomeFor(command, { MILLRACE_HOME: home });
const unusable = (reason: string) =>
  expect.objectContaining({ code: 'HOME_UNUSABLE', message: expect.stringContaining(`can not be used: ${reason}.`) });

test('a home that is there or can be made passes, and is not made', () => {
  const absent = join(root, 'not', 'there', 'yet');
  for (const command of ['status', 'plan', 'deploy', 'down']) {
    check(command, root)();
    check(command, absent)();
  }
  expect(readdirSync(root)).toEqual(['file']);
});

test('a home that is a file, or lies in one, is refused', () => {
  for (const command of ['status', 'down', 'deploy', 'verify']) {
    expect(check(command, file)).toThrow(unusable(`${file} is not a directory`));
    const within = join(file, 'home');
    expect(check(command, within)).toThrow(unusable(`${within} lies in something that is not a directory`));
  }
  for (const command of ['catalog', 'doctor', 'fetch', 'version']) check(command, file)();
});

(process.platform === 'linux' ? test : test.skip)('a home where no files can be made is refused by what writes', () => {
  const refusal = expect.objectContaining({
    code: 'HOME_UNUSABLE',
    details: expect.objectContaining({ home: '/proc/nope' }),
  });
  for (const command of ['plan', 'deploy', 'up']) expect(check(command, '/proc/nope')).toThrow(refusal);
  check('status', '/proc/nope')();
});

// The superuser may write anywhere.
(process.getuid?.() === 0 ? test.skip : test)('a home that belongs to others is refused by what writes', () => {
  const closed = join(root, 'closed');
  mkdirSync(closed, { mode: 0o500 });
  expect(check('deploy', join(closed, 'home'))).toThrow(unusable(`${closed} can not be written to by this user`));
  check('status', join(closed, 'home'))();
  chmodSync(closed, 0o700);
});

test('MILLRACE_PORT_BASE is a whole number within bounds', () => {
  expect(portBaseOf({})).toEqual({});
  expect(portBaseOf({ MILLRACE_PORT_BASE: '' })).toEqual({});
  for (const portBase of [1024, 19_000, 32_000]) {
    expect(portBaseOf({ MILLRACE_PORT_BASE: String(portBase) })).toEqual({ portBase });
  }
  for (const value of ['abc', '1023', '32001', '1e4', '-1', '19000.5', ' 19000', '0x4a38']) {
    const message = `The environment variable MILLRACE_PORT_BASE takes a whole number from 1024 to 32000, not "${value}".`;
    expect(() => portBaseOf({ MILLRACE_PORT_BASE: value })).toThrow(
      expect.objectContaining({ code: 'INVALID_VARIABLE', message }),
    );
  }
});

test('home and cache that are named need no HOME', () => {
  expect(homeOf({ MILLRACE_HOME: '/a' }).root).toBe('/a');
  expect(homeOf({ XDG_STATE_HOME: '/s' }).root).toBe('/s/millrace');
  expect(cacheOf({ MILLRACE_CACHE: '/c' })).toBe('/c');
});
