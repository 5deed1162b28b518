/** Ports of the control plane: chosen once, and those that a later version needs are added to the file of a former one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { chooseControlPorts, controlPorts } from '../../../platform/control/controlFile.ts';
import { controlRedisAccess } from '../../../platform/control/redis.ts';
import { workflowUrl } from '../../../platform/control/workflowUrl.ts';
import { homeAt } from '../../../platform/home.ts';
import { writeState } from '../../../platform/state-files.ts';

const root = mkdtempSync(join(tmpdir(), 'control-file-'));
afterAll(() => rmSync(root, { recursive: true }));

test('ports are chosen below the first node, free ones, once', () => {
  const home = homeAt(join(root, 'new'));
  expect(controlRedisAccess(home)).toBeUndefined();
  const ports = chooseControlPorts(home, 20_000, new Map([[19_998, 'somebody']]));
  expect(new Set(Object.values(ports)).size).toBe(Object.keys(ports).length);
  expect(Object.values(ports)).not.toContain(19_998);
  expect(chooseControlPorts(home, 10_000, new Map())).toEqual(ports);
  expect(controlPorts(home)).toEqual(ports);
  expect(controlRedisAccess(home)).toMatchObject({ host: '127.0.0.1', port: ports.redis });
});

test('a file from before keeps its ports, and gets those for the API, for Valkey and for OTLP', () => {
  const home = homeAt(join(root, 'former'));
  const former = { temporal: 19_999, ui: 19_998, http: 19_997, metrics: 19_996 };
  writeState(home.controlFile, { format: 'millrace/control/1', ports: former } as never);
  expect(controlPorts(home)).toEqual(former);
  const ports = chooseControlPorts(home, 20_000, new Map());
  expect(ports).toEqual({ ...former, api: 19_995, redis: 19_994, otlp: 19_993 });
  expect(controlPorts(home)).toEqual(ports);
});

test('a home without a free port says who has it', () => {
  const home = homeAt(join(root, 'full'));
  const taken = new Map(Array.from({ length: 100 }, (_, index) => [19_999 - index, 'somebody']));
  expect(() => chooseControlPorts(home, 20_000, taken)).toThrow(/is taken by somebody/);
});

test('the address of a workflow in the web UI quotes what stands in its id', () => {
  const url = workflowUrl({ ui: 19_998 }, 'pipeline/flight-delays');
  expect(url).toBe('http://127.0.0.1:19998/namespaces/millrace/workflows/pipeline%2Fflight-delays');
  expect(workflowUrl({ ui: 19_998 }, 'pipeline/flight-delays', 'run-1')).toBe(`${url}/run-1`);
});
