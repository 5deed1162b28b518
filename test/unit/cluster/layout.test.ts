import { expect, test } from '@jest/globals';
import { groupsAbove } from '../../../platform/cluster/process/agent/limits.ts';
import { fillPaths, specHash, taskFilePath, taskPaths } from '../../../platform/cluster/tasks/layout.ts';
import { homeAt } from '../../../platform/home.ts';
import { programs, taskSpec } from '../../conformance/cluster/tasks.ts';

const home = homeAt('/home/of/millrace');
const paths = taskPaths(home, 'kafka.broker.0');

test('references to paths are filled in, and no other braces', () => {
  expect(fillPaths('{dataDir}:{logDir}:{taskDir}/x {other} {"json":1} {dataDir}', paths)).toBe(
    '/home/of/millrace/data/kafka.broker.0:/home/of/millrace/tasks/kafka.broker.0/log:/home/of/millrace/tasks/kafka.broker.0/files/x {other} {"json":1} /home/of/millrace/data/kafka.broker.0',
  );
});

test.each(['', '.', '..', 'a/b', '../a', 'a..b', '.hidden', 'A', 'a.', `${'a'.repeat(200)}`])(
  '"%s" is no id of a task',
  (id) => {
    expect(() => taskPaths(home, id)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  },
);

test.each(['/etc/passwd', '..', '../x', 'a/../../x', '.', ''])('"%s" is no path of a task file', (path) => {
  expect(() => taskFilePath(paths, path)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
});

test('the hash of a spec depends on all of it, and on nothing but it', () => {
  const spec = taskSpec('a', programs.idle, { files: [{ path: 'x', content: '1' }] });
  const reversed = Object.fromEntries(Object.entries(spec).reverse()) as unknown as typeof spec;
  expect(specHash(reversed)).toBe(specHash(spec));
  expect(specHash({ ...spec, files: [{ path: 'x', content: '2' }] })).not.toBe(specHash(spec));
  expect(specHash({ ...spec, env: { A: '' } })).not.toBe(specHash(spec));
});

test('a control group of tasks lies above the own one, whose processes bar it from having children', () => {
  const mounts = '30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n';
  const own = '0::/user.slice/user@1000.service/app.slice/term.scope\n';
  expect(groupsAbove(own, mounts)).toEqual([
    '/sys/fs/cgroup/user.slice/user@1000.service/app.slice',
    '/sys/fs/cgroup/user.slice/user@1000.service',
    '/sys/fs/cgroup/user.slice',
    '/sys/fs/cgroup',
  ]);
  expect(groupsAbove('0::/\n', mounts)).toEqual(['/sys/fs/cgroup']);
  expect(groupsAbove('4:memory:/x\n', mounts)).toEqual([]);
  expect(groupsAbove(own, '')).toEqual([]);
});
