/** Command lines that can't be read: the real program, an error of the table each, as JSON where JSON was asked for. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, jest, test } from '@jest/globals';
import { exitCodes } from '../../../platform/errors.ts';
import { createTestHome, millrace } from '../../e2e/cli.ts';

const runFile = fileURLToPath(new URL('../../run.ts', import.meta.url));

// Each test starts the program several times, on a machine that may be loaded.
jest.setTimeout(60_000);

const home = createTestHome(29_900);
afterAll(() => home.purge());

const refusals: readonly [string, readonly string[], string, string, string][] = [
  ['a missing argument', ['deploy'], 'INVALID_ARGUMENT', "Missing required argument 'blueprint'.", 'deploy --help'],
  [
    'an unknown option',
    ['verify', 'x', '--evnts', '3'],
    'INVALID_ARGUMENT',
    "Unknown option '--evnts' (did you mean --events?).",
    'verify --help',
  ],
  [
    'one argument too many',
    ['plan', 'a', 'b'],
    'INVALID_ARGUMENT',
    "Too many arguments for 'plan'. Expected 1 argument but got 2: a, b.",
    'plan --help',
  ],
  [
    'a note that a terminal would obey',
    ['ledger', 'x', '--acknowledge', '--note', 'a\u001b[2Jb'],
    'INVALID_ARGUMENT',
    '--note: a note is one line, without control characters and characters that are not seen',
    'ledger --help',
  ],
  ['an unknown command', ['statu'], 'UNKNOWN_COMMAND', 'There is no command "statu".', 'millrace help'],
  ['an option in place of a command', ['--jsn'], 'UNKNOWN_COMMAND', 'There is no command "--jsn".', 'millrace help'],
];

test.each(refusals)('%s is told as a row of the error table', async (_, args, code, message, next) => {
  const json = await home.run(...args, '--json');
  const { error } = JSON.parse(json.stdout) as { error: Record<string, unknown> };
  expect(error).toMatchObject({ code, message, next: expect.stringContaining(next), retryable: false });
  const text = await home.run(...args);
  expect(text.stdout).toBe('');
  expect(text.stderr).toContain(`error ${code}: ${message}`);
  expect([json.code, text.code]).toEqual([exitCodes.input, exitCodes.input]);
  expect(existsSync(join(home.path, 'tasks'))).toBe(false);
});

test('the nearest commands are named', async () => {
  expect((await home.run('statu')).stderr).toContain('Nearest: status');
  const { stderr } = await home.run('foo');
  expect(stderr).toContain('Commands: deploy, plan, status, ');
  expect(stderr).not.toContain('Nearest');
});

test('no command at all: the help, and exit code 2; asked for, the help is the result', async () => {
  const [none, asked] = [await home.run(), await home.run('--help')];
  expect([none.code, none.stdout]).toEqual([exitCodes.input, '']);
  expect([asked.code, asked.stdout]).toEqual([0, none.stderr]);
});

test.each(['--version', '-V'])('%s is the command version', async (option) => {
  expect(await home.run(option)).toEqual(await home.run('version'));
  expect(await home.run(option, '--json')).toEqual(await home.run('version', '--json'));
});

const wrongNames: readonly [string, readonly string[], string, string][] = [
  [
    'trace of a pipeline that is not there',
    ['trace', 'nopipe'],
    'UNKNOWN_PIPELINE',
    'There is no pipeline "nopipe" here.',
  ],
  ['… of one of its events', ['trace', 'nopipe', '--id', 'x'], 'UNKNOWN_PIPELINE', 'Pipelines of this home: none.'],
  ['logs where nothing was ever started', ['logs', 'kafka'], 'UNKNOWN_TASK', 'Tasks of this home: none.'],
  ['a name near one of a framework', ['catalog', 'kafk'], 'UNKNOWN_NAME', 'Nearest: kafka.'],
  ['a name near one of a blueprint', ['catalog', 'flight-delay'], 'UNKNOWN_NAME', 'Nearest: flight-delays.'],
  ['a name near none of the catalog', ['catalog', 'nosuch'], 'UNKNOWN_NAME', 'Names: flight-delays, kafka, '],
  ['a blueprint near none', ['plan', 'nosuch'], 'UNKNOWN_BLUEPRINT', 'Blueprints: flight-delays.'],
  [
    'a pipeline that no blueprint is named after',
    ['lag', 'nosuch'],
    'UNKNOWN_PIPELINE',
    'deploy BLUEPRINT --name nosuch',
  ],
  ['a setting of plan', ['plan', 'flight-delays', '--set', 'x'], 'INVALID_ARGUMENT', 'Run `millrace plan --help`'],
  [
    'a setting of deploy',
    ['deploy', 'flight-delays', '--set', 'x'],
    'INVALID_ARGUMENT',
    'Run `millrace deploy --help`',
  ],
];

test.each(wrongNames)('%s is refused with what there is', async (_, args, code, text) => {
  const { code: exit, stdout, stderr } = await home.run(...args);
  expect([exit, stdout]).toEqual([exitCodes.input, '']);
  expect(stderr).toContain(`error ${code}: `);
  expect(stderr).toContain(text);
});

test('a stage of the tests that does not exist is refused, with those there are', () => {
  const { status, stdout, stderr } = spawnSync(millrace, ['exec', runFile, 'unit', 'nosuch'], { encoding: 'utf8' });
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toBe(
    'There is no stage nosuch. Stages: types, lint, imports, unit, artifacts, conformance, replay, browser, e2e.\n',
  );
});
