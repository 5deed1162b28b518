/**
 * The import rules, and the proof that they bite: the tree must pass, and the fixture that breaks a rule must be refused.
 * Each of the two prints what it found; the exit code is 1 when either goes wrong.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const config = join(root, '.dependency-cruiser.mjs');

function cruise(cwd: string, ...folders: string[]): { readonly code: number; readonly output: string } {
  const program = join(root, 'node_modules', '.bin', 'depcruise');
  const run = spawnSync(process.execPath, [program, '--config', config, '--output-type', 'err', ...folders], {
    cwd,
    encoding: 'utf8',
  });
  return { code: run.status ?? 1, output: `${run.stdout}${run.stderr}` };
}

const tree = cruise(root, 'platform', 'blueprints');
console.log(tree.output.trim());
const cruised = /(\d+) modules/.exec(tree.output);
const sawModules = cruised !== null && Number(cruised[1]) > 50;
if (!sawModules) console.error('The import check saw hardly any module: it does not work.');

const illegal = cruise(join(root, 'test', 'fixtures', 'illegal'), 'platform');
const refused = illegal.code !== 0 && illegal.output.includes('pure-rooms-do-no-io');
if (!refused) console.error(`The illegal fixture was not refused:\n${illegal.output}`);

process.exitCode = tree.code === 0 && sawModules && refused ? 0 : 1;
