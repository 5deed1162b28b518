/** Records and secrets on disk: what is kept under a name stays within the home. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import { controlPorts } from '../../../platform/control/controlFile.ts';
import { homeAt } from '../../../platform/home.ts';
import { createRecords, namesOf } from '../../../platform/records/records.ts';
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

/** Lays a fixture down as the record that it would be in the home. */
function layDown(fixture: string): string {
  const [kind] = fixture.split('-');
  const places = {
    pipeline: join(home.pipelinesDir, 'delays', 'pipeline.json'),
    framework: join(home.frameworksDir, 'kafka.json'),
    control: home.controlFile,
  };
  const file = places[kind as keyof typeof places];
  mkdirSync(dirname(file), { recursive: true });
  copyFileSync(fileURLToPath(new URL(`../../fixtures/records/${fixture}.json`, import.meta.url)), file);
  return file;
}

test('a whole record is read as it was written, with what a later version may have added', () => {
  for (const fixture of ['pipeline-whole', 'framework-whole']) layDown(fixture);
  expect(records.pipelines()).toMatchObject([{ pipeline: 'delays', state: 'flowing' }]);
  expect(records.frameworks()).toMatchObject([{ framework: 'kafka', users: ['delays'] }]);
  const added = { ...records.pipeline('delays')!, later: true };
  records.writePipeline(added);
  expect(records.pipeline('delays')).toEqual(added);
  expect(records.pipelineRevision('delays', 1)).toEqual(added);
});

test.each([
  ['pipeline-of-its-format-only', 'at pipeline, '],
  ['pipeline-without-plan', 'at plan, '],
  ['pipeline-in-unknown-state', 'at state, '],
  ['pipeline-with-revision-as-text', 'at revision, '],
  ['pipeline-of-another-name', 'it is about pipeline "others", not "delays"'],
  ['pipeline-with-placement-without-ports', 'at plan.placements.0.ports, '],
  ['pipeline-with-spec-without-topics', 'at plan.spec.topics, '],
  ['framework-of-its-format-only', 'at framework, '],
  ['framework-without-identity', 'at identity, '],
  ['framework-with-users-as-text', 'at users, '],
  ['framework-of-another-name', 'it is about framework "redis", not "kafka"'],
  ['framework-that-is-unknown', 'at framework, '],
  ['control-without-ports', 'at ports.temporal, '],
  ['control-with-port-as-text', 'at ports.temporal, '],
])('%s is refused by name and left as it is', (fixture, reason) => {
  for (const whole of ['pipeline-whole', 'framework-whole']) layDown(whole);
  const file = layDown(fixture);
  const before = readFileSync(file, 'utf8');
  const read = () => [records.pipelines(), records.frameworks(), controlPorts(home)];
  const refusal = { code: 'CORRUPT_STATE', message: expect.stringContaining(`${file} can not be read: ${reason}`) };
  expect(read).toThrow(expect.objectContaining(refusal));
  expect(readFileSync(file, 'utf8')).toBe(before);
});

test('for who only looks, a record that can not be read is named with its error, and hides no other', () => {
  for (const whole of ['pipeline-whole', 'framework-whole']) layDown(whole);
  const broken = join(home.pipelinesDir, 'broken', 'pipeline.json');
  mkdirSync(dirname(broken), { recursive: true });
  writeFileSync(broken, '{"format":"millrace/pipel');
  // As one that nobody may read: there is no text to be had of it.
  const closed = join(home.pipelinesDir, 'closed', 'pipeline.json');
  mkdirSync(closed, { recursive: true });
  const found = records.readablePipelines();
  expect(found.records).toMatchObject([{ pipeline: 'delays' }]);
  expect(found.unreadable).toMatchObject([
    { pipeline: 'broken', error: { code: 'CORRUPT_STATE', message: expect.stringContaining(broken) } },
    { pipeline: 'closed', error: { code: 'STATE_UNAVAILABLE', message: expect.stringContaining(closed) } },
  ]);
  expect(namesOf(found)).toEqual(['broken', 'closed', 'delays']);
  expect(() => records.pipelines()).toThrow(expect.objectContaining({ code: 'CORRUPT_STATE' }));
  for (const name of ['broken', 'closed']) records.removePipeline(name);
});
