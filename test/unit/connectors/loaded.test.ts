/** What a Node task loads before it knows its role is paid for by every task of every deploy. */

import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';

const dataClients = ['kafkajs', 'cassandra-driver', 'ioredis', 'bullmq', 'fastify'];
/** Without a configuration an entry ends as soon as it is loaded; then it tells what it has loaded. */
const tell = `data:text/javascript,${encodeURIComponent(`
  import { createRequire } from 'node:module';
  const { cache } = createRequire('/any.js');
  process.on('exit', () => process.stderr.write(JSON.stringify([...Object.keys(cache), ...process.moduleLoadList])));
`)}`;

describe.each(['connectors/host.ts', 'sdk/serviceHost.ts'])('%s, before it knows its role', (entry) => {
  const file = new URL(`../../../platform/${entry}`, import.meta.url).pathname;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--import', tell, file],
    {
      encoding: 'utf8',
    },
  );
  const loaded: readonly string[] = JSON.parse(stderr);

  test('has been loaded whole', () => {
    expect(stdout).toContain('give --config FILE');
  });
  test('has loaded no client of a store and no HTTP framework', () => {
    expect(loaded.filter((name) => dataClients.some((client) => name.includes(`/node_modules/${client}/`)))).toEqual(
      [],
    );
  });
  test('has not loaded the web socket client that an import of node:http brings', () => {
    expect(loaded).toContain('NativeModule http');
    expect(loaded.filter((name) => name.includes('undici'))).toEqual([]);
  });
});
