/** How much the telemetry store keeps is set by the caller of `millrace up`, checked, handed on to the API, and told. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openStore } from '../../../platform/api/openStore.ts';
import { passedOn } from '../../../platform/control/start.ts';
import { homeAt } from '../../../platform/home.ts';
import { storeBoundsOf } from '../../../platform/telemetry/store/bounds.ts';

const [mib, dayMs] = [1024 ** 2, 86_400_000];

test('the variables reach the API and bound its store, which tells them', async () => {
  const env = passedOn({ MILLRACE_TELEMETRY_MIB: '32', MILLRACE_TELEMETRY_DAYS: '2', MILLRACE_DEBUG: '1' });
  expect(Object.keys(env)).toEqual(['MILLRACE_TELEMETRY_MIB', 'MILLRACE_TELEMETRY_DAYS']);
  const root = mkdtempSync(join(tmpdir(), 'millrace-bounds-'));
  const store = await openStore(homeAt(root), env, () => {});
  expect(store.stats()).toMatchObject({ maxBytes: 32 * mib, retentionMs: 2 * dayMs });
  await store.close();
  rmSync(root, { recursive: true, force: true });
});

test('without them it is 1 GiB and seven days; empty is as none', () => {
  const usual = { maxBytes: 1024 * mib, retentionMs: 7 * dayMs };
  expect(storeBoundsOf({})).toEqual(usual);
  expect(storeBoundsOf({ MILLRACE_TELEMETRY_MIB: '', MILLRACE_TELEMETRY_DAYS: '' })).toEqual(usual);
});

test.each([
  ['MILLRACE_TELEMETRY_MIB', '15'],
  ['MILLRACE_TELEMETRY_MIB', '1048577'],
  ['MILLRACE_TELEMETRY_MIB', '1e3'],
  ['MILLRACE_TELEMETRY_DAYS', '0'],
  ['MILLRACE_TELEMETRY_DAYS', '-1'],
  ['MILLRACE_TELEMETRY_DAYS', '1.5'],
])('%s=%s is refused by name', (name, value) => {
  expect(() => storeBoundsOf({ [name]: value })).toThrow(
    expect.objectContaining({ code: 'INVALID_VARIABLE', details: expect.objectContaining({ name, value }) }),
  );
});
