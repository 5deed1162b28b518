import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { balance } from '../../../platform/telemetry/conservation/balance.ts';
import { breakPlaces, expectedOf, runChain } from '../../fixtures/ledgerChain.ts';
import { differences, documentedShapes } from '../cli/documented.ts';
import { root } from '../docs/pages.ts';

const size = { events: 900, perSecond: 30 };

const faultsOf = ({ windows }: ReturnType<typeof balance>) =>
  windows.flatMap(({ origin, faults }) =>
    faults.map(({ stage, kind, hash, events }) => ({ stage, kind, hash, events, origin })),
  );

describe('the ledgers of a whole pipeline', () => {
  test('balance when nothing is broken', () => {
    const report = runChain(size);
    expect(report).toMatchObject({ lost: 0, duplicated: 0, replayed: 0 });
    expect(new Set(report.windows.map((window) => window.balance))).toEqual(new Set(['balanced']));
    const passed = (name: string) =>
      report.windows.flatMap(({ stages }) => stages.filter((stage) => stage.name === name)).map(({ count }) => count);
    const sum = (counts: readonly number[]) => counts.reduce((total, each) => total + each, 0);
    expect(['ingress', 'store', 'job', 'results'].map((name) => sum(passed(name)))).toEqual([900, 900, 300, 300]);
  });

  test('name one event that is lost or doubled anywhere: its stage, its window, its hash', () => {
    const broken = fc.record({
      place: fc.constantFrom(...breakPlaces),
      action: fc.constantFrom('lost' as const, 'doubled' as const),
      event: fc.nat(size.events - 4),
    });
    fc.assert(
      fc.property(broken, (each) => {
        const options = { ...size, broken: each };
        const faults = faultsOf(runChain(options));
        expect(faults).toEqual([{ ...expectedOf(options), events: 1 }]);
      }),
      { numRuns: 60 },
    );
  });

  // Not in this process: under Jest's module loader each event costs a hundred times as much.
  test('keep their memory, however many events come, and name the one that was broken', async () => {
    const script = join(root, 'test/bench/ledger.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [script, '--events', '300000', '--breaks', '4'], {
      env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
    });
    expect(stdout.match(/: named in/g)).toHaveLength(4);
    expect(stdout).not.toContain('GROWS');
  }, 60_000);

  test('are told in the shape that the reference writes', () => {
    const report = runChain({ ...size, broken: { place: 'into job', action: 'lost', event: 500 } });
    expect(
      differences(documentedShapes('ledger')[0]!, { pipeline: 'p', ...report, faults: [], openFaults: [] }),
    ).toEqual([]);
    expect(
      differences(documentedShapes('ledger')[0]!, { pipeline: 'p', ...balance([], 0), faults: [], openFaults: [] }),
    ).toEqual([]);
  });
});
