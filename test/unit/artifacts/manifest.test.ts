import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { checkArtifact, recordedBytes, writeManifest } from '../../../platform/artifacts/manifest.ts';

let directory: string;
let jar: string;
const identity = () => ({ artifact: 'kafka', version: '4.3.1', directory });

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-manifest-'));
  mkdirSync(join(directory, 'lib'));
  jar = join(directory, 'lib', 'kafka.jar');
  writeFileSync(jar, 'a jar');
  writeFileSync(join(directory, 'LICENSE'), 'free');
  await writeManifest(identity());
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const refusal = (code: string, part: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(part) });

/** Other content of the same size, and the time put back: nothing but the content tells. */
function alterUnseen(): void {
  const { atime, mtime } = statSync(jar);
  writeFileSync(jar, 'a jaR');
  utimesSync(jar, atime, mtime);
}

describe('checking an artifact', () => {
  test('what is whole passes, and is known by its size', async () => {
    expect(recordedBytes(await checkArtifact(identity(), 'full'))).toBe(9);
  });

  test('a truncated file is refused by name', async () => {
    truncateSync(jar, 2);
    await expect(checkArtifact(identity(), 'quick')).rejects.toEqual(
      refusal('ARTIFACT_TRUNCATED', `${jar} has 2 of 5 bytes`),
    );
  });

  test('a file that grew is refused by name', async () => {
    appendFileSync(jar, '!');
    await expect(checkArtifact(identity(), 'quick')).rejects.toEqual(refusal('ARTIFACT_ALTERED', jar));
  });

  test('other content of the same size is refused by name', async () => {
    writeFileSync(jar, 'a jaR');
    utimesSync(jar, 1, 1);
    await expect(checkArtifact(identity(), 'quick')).rejects.toEqual(refusal('ARTIFACT_ALTERED', 'its sha256 is'));
  });

  test('a full check sees it even when size and time are the same', async () => {
    // File times of Node's utimes are coarser than those of the file system, so they are recorded again.
    utimesSync(jar, 1, 1);
    await checkArtifact(identity(), 'quick');
    alterUnseen();
    await expect(checkArtifact(identity(), 'quick')).resolves.toBeDefined();
    await expect(checkArtifact(identity(), 'full')).rejects.toEqual(refusal('ARTIFACT_ALTERED', jar));
  });

  test('a file that is gone, and a jar that does not belong there', async () => {
    writeFileSync(join(directory, 'lib', 'foreign.jar'), 'x');
    await expect(checkArtifact(identity(), 'quick')).rejects.toEqual(refusal('ARTIFACT_ALTERED', 'foreign.jar'));
    rmSync(join(directory, 'lib', 'foreign.jar'));
    rmSync(join(directory, 'LICENSE'));
    await expect(checkArtifact(identity(), 'quick')).rejects.toEqual(refusal('ARTIFACT_ALTERED', 'it is gone'));
  });

  test('a manifest that is cut short is refused by name', async () => {
    const file = join(directory, 'manifest.json');
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, 40));
    await expect(checkArtifact(identity(), 'quick')).rejects.toEqual(refusal('ARTIFACT_ALTERED', file));
  });

  test('times that moved with the content kept (a copied cache) pass, and are recorded', async () => {
    utimesSync(jar, 1000, 1000);
    await checkArtifact(identity(), 'quick');
    expect(readFileSync(join(directory, 'manifest.json'), 'utf8')).toContain('"mtimeMs":1000000');
  });
});
