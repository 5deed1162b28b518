import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { refuseForeignHome, refuseRemoval, removeHome } from '../../../platform/cluster/home-directory.ts';
import { type Home, homeAt } from '../../../platform/home.ts';

const root = mkdtempSync(join(tmpdir(), 'home-directory-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A home with these files, by path; every file of ours holds its format. */
function homeWith(name: string, files: readonly string[]): Home {
  const home = homeAt(join(root, name));
  mkdirSync(home.root);
  for (const path of files) {
    mkdirSync(dirname(join(home.root, path)), { recursive: true });
    writeFileSync(join(home.root, path), '{ "format": "millrace/any/1" }');
  }
  return home;
}
const made = [
  'cluster.json',
  'control.json',
  'agent/agent.json',
  'data/kafka/log',
  'telemetry/spans/a',
  'tasks/a/task.json',
];

test('a home is removed whole, and a second time is no error', () => {
  const home = homeWith('whole', [...made, 'pipelines/a/pipeline.json', '.cluster.json.17.0a1b2c3d']);
  refuseForeignHome(home);
  expect(removeHome(home)).toEqual({ removed: [home.root] });
  expect(existsSync(home.root)).toBe(false);
  expect(removeHome(home)).toEqual({ removed: [] });
});

test('what others have put into a home stays, and is told', () => {
  const home = homeWith('shared', [...made, 'thesis.tex', 'photos/1.jpg']);
  const removal = removeHome(home);
  expect(removal.keptBecause).toBe('holds what Millrace did not make: photos, thesis.tex');
  expect(removal.removed).toContain(join(home.root, 'data'));
  expect(readdirSync(home.root)).toEqual(['photos', 'thesis.tex']);
  expect(() => removeHome(home)).toThrow(expect.objectContaining({ code: 'HOME_FOREIGN' }));
});

test('a directory of others is refused and left, also where it uses names of ours', () => {
  const home = homeAt(join(root, 'foreign'));
  mkdirSync(join(home.root, 'data'), { recursive: true });
  writeFileSync(join(home.root, 'data', 'ours.csv'), '1');
  writeFileSync(join(home.root, 'cluster.json'), '{ "nodes": [] }');
  for (const refusal of [removeHome, refuseRemoval, refuseForeignHome]) {
    expect(() => refusal(home)).toThrow(
      expect.objectContaining({
        code: 'HOME_FOREIGN',
        message: `The directory ${home.root} is not a home of Millrace: it holds cluster.json, data.`,
      }),
    );
  }
  expect(existsSync(join(home.root, 'data', 'ours.csv'))).toBe(true);
});

test('a new home may be made beside files whose names are not ours', () => {
  const home = homeWith('beside', ['lost+found/x']);
  refuseForeignHome(home);
  expect(() => refuseRemoval(home)).toThrow(expect.objectContaining({ code: 'HOME_FOREIGN' }));
});

test('a removal that was killed at any point can be called again', () => {
  const last = ['cluster.json', '.control.json.17.0a1b2c3d'];
  for (let left = 0; left <= last.length; left++) {
    const home = homeWith(`killed-${left}`, last.slice(0, left));
    expect(removeHome(home)).toEqual({ removed: [home.root] });
  }
  const halfMade = homeWith('half-made', ['.cluster.json.17.0a1b2c3d']);
  expect(removeHome(halfMade)).toEqual({ removed: [halfMade.root] });
});
