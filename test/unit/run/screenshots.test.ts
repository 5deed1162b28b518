/** Screenshots of a run: only its own, in a directory that is named. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { clearScreenshots, screenshotsLine, screenshotsOf } from '../../screenshots.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'screenshots-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('those of an earlier run go, what else lies there stays', () => {
  mkdirSync(join(directory, 'kept'));
  for (const name of ['old-page-light.png', 'notes.txt']) writeFileSync(join(directory, name), '');
  clearScreenshots(directory);
  expect(readdirSync(directory).sort()).toEqual(['kept', 'notes.txt']);
  clearScreenshots(join(directory, 'not-there'));
});

test('they are counted, and their place is told', () => {
  expect(screenshotsLine(directory)).toBeUndefined();
  for (const name of ['a-light.png', 'a-dark.png']) writeFileSync(join(directory, name), '');
  expect(screenshotsLine(directory)).toBe(`Screenshots: 2 in ${directory}`);
});

test('CI keeps them in its output, which is no part of the sources', () => {
  const root = new URL('../../../', import.meta.url);
  const place = /MILLRACE_SCREENSHOTS:=\$PWD\/(.+?)\}/.exec(readFileSync(new URL('.ci/run', root), 'utf8'))?.[1];
  expect(place).toBe('.ci/output/screenshots');
  expect(readFileSync(new URL('.gitignore', root), 'utf8').split('\n')).toContain('.ci/output/');
  expect(readFileSync(new URL('CONTRIBUTING.md', root), 'utf8')).toContain(place!);
  expect(screenshotsOf({ MILLRACE_SCREENSHOTS: directory })).toBe(directory);
  expect(screenshotsOf({})).toContain(tmpdir());
});
