/** Records and secrets on disk: what is kept under a name stays within the home. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { homeAt } from '../../../platform/home.ts';
import { createRecords } from '../../../platform/records/records.ts';
import { createSecrets } from '../../../platform/secrets/secrets.ts';

const root = mkdtempSync(join(tmpdir(), 'millrace-records-'));
const home = homeAt(join(root, 'home'));
const records = createRecords(home);
afterAll(() => rmSync(root, { recursive: true }));

test('no name leads out of the records', () => {
  const outside = join(root, 'outside');
  mkdirSync(outside);
  for (const name of ['../../outside', '..', '', '.']) {
    expect(() => records.removePipeline(name)).toThrow(expect.objectContaining({ code: 'INVALID_NAME' }));
    expect(() => records.pipeline(name)).toThrow(expect.objectContaining({ code: 'INVALID_NAME' }));
    expect(() => records.pipelineRevision(name, 1)).toThrow(expect.objectContaining({ code: 'INVALID_NAME' }));
    expect(() => records.removeFramework(name)).toThrow();
  }
  expect(existsSync(outside)).toBe(true);
});

test('no owner leads out of the secrets', () => {
  const secrets = createSecrets(home.secretsDir);
  expect(secrets.get('pipeline-a', 'login')).toBe(secrets.get('pipeline-a', 'login'));
  for (const owner of ['../x', '..', '', 'a/b']) {
    expect(() => secrets.get(owner, 'login')).toThrow('no secret can be kept under');
    expect(() => secrets.removeAll(owner)).toThrow('no secret can be kept under');
  }
  expect(existsSync(join(home.secretsDir, 'pipeline-a', 'login'))).toBe(true);
});

test('what others put beside the records is no record', () => {
  mkdirSync(join(home.pipelinesDir, 'Not a pipeline'), { recursive: true });
  mkdirSync(home.frameworksDir, { recursive: true });
  writeFileSync(join(home.frameworksDir, '.kafka.json.17.0a1b2c3d'), '{');
  expect(records.pipelines()).toEqual([]);
  expect(records.frameworks()).toEqual([]);
});
