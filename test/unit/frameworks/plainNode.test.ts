import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { expect, it } from '@jest/globals';

/** Jest finds exports of CommonJS packages that Node does not: what passes here may fail to load outside. */
it.each(['kafka/admin.ts', 'cassandra/admin.ts', 'redis/admin.ts', 'archive.ts'])('%s loads in Node itself', (file) => {
  const url = pathToFileURL(`${import.meta.dirname}/../../../platform/frameworks/${file}`).href;
  const { status, stderr } = spawnSync(process.execPath, ['-e', `await import('${url}')`], {
    encoding: 'utf8',
    env: {},
  });
  expect({ status, stderr }).toMatchObject({ status: 0 });
});
