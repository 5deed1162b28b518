import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  artifactNames,
  directoryName,
  distributionOf,
  downloadBytes,
  lockOf,
  locksDir,
  mavenLockOf,
  pypiLockOf,
} from '../../../platform/artifacts/locks.ts';

const root = join(import.meta.dirname, '..', '..', '..');

describe('lock files', () => {
  test.each(artifactNames)('%s is pinned file by file', (name) => {
    const lock = lockOf(name);
    const files = (lock.source === 'maven' ? lock.jars : lock.distributions).map(({ file }) => file);
    expect(lock.artifact).toBe(name);
    expect(new Set(files).size).toBe(files.length);
    expect(downloadBytes(lock, 'linux-x64')).toBeGreaterThan(1 << 20);
  });

  test('hold no address of a registry', () => {
    for (const file of readdirSync(locksDir)) expect(readFileSync(join(locksDir, file), 'utf8')).not.toMatch(/:\/\//);
  });

  test('another checksum is another directory', () => {
    const lock = mavenLockOf('kafka');
    const jars = lock.jars.map((jar, index) => (index === 0 ? { ...jar, sha256: '0'.repeat(64) } : jar));
    expect(directoryName(lock, 'linux-x64')).toMatch(/^kafka-4\.3\.1-[0-9a-f]{12}$/);
    expect(directoryName({ ...lock, jars }, 'linux-x64')).not.toBe(directoryName(lock, 'linux-x64'));
  });

  test('a distribution is picked by platform, and none is none', () => {
    expect(distributionOf(pypiLockOf('java'), 'linux-x64')?.file).toMatch(/x86_64\.whl$/);
    expect(distributionOf(pypiLockOf('java'), 'linux-arm64')).toBeUndefined();
    expect(distributionOf(pypiLockOf('spark'), 'linux-arm64')?.platform).toBe('any');
  });

  test('the pinned Node has a checksum for each platform of the bootstrap', () => {
    const { config } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { config: { node: string } };
    const sums = readFileSync(join(locksDir, 'node.sha256'), 'utf8');
    const bootstrap = readFileSync(join(root, 'millrace'), 'utf8');
    for (const [, platform] of bootstrap.matchAll(/platform=(\S+) package/g)) {
      const own = new RegExp(`${platform}\\) version=(\\S+) ;;`).exec(bootstrap)?.[1];
      expect(sums).toMatch(new RegExp(`^[0-9a-f]{64}  node-${own ?? config.node}-${platform}$`, 'm'));
    }
  });
});
