/** The time that a pipeline's page shows: moments, spans, runs of states. */
import { describe, expect, it } from '@jest/globals';
import { columnsOf } from '../../../platform/console/app/pages/pipeline/panel/series.ts';
import { alertsAt } from '../../../platform/console/app/pages/pipeline/time/alertsAt.ts';
import {
  momentOf,
  refreshMs,
  shortlyBefore,
  spanOf,
  spans,
} from '../../../platform/console/app/pages/pipeline/time/spans.ts';
import { stateRuns } from '../../../platform/console/app/pages/pipeline/time/states.ts';
import { valueAt } from '../../../platform/console/app/ui/valueAt.ts';
import { historyLevels } from '../../../platform/observe/watch/history.ts';
import { historyOf } from '../../fixtures/console/measures.ts';
import { alerts } from '../../fixtures/console/world.ts';

describe('time', () => {
  it('makes runs of states, and leaves a gap where nothing is known', () => {
    const points = [0, 10, 20, 30, 200].map((atMs, at) => ({
      atMs,
      state: at === 2 ? ('stalled' as const) : ('flowing' as const),
    }));
    expect(stateRuns(points, 10)).toEqual([
      { state: 'flowing', fromMs: 0, toMs: 20 },
      { state: 'stalled', fromMs: 20, toMs: 30 },
      { state: 'flowing', fromMs: 30, toMs: 40 },
      { state: 'flowing', fromMs: 200, toMs: 210 },
    ]);
  });

  it('reads moments and spans out of an address with care', () => {
    expect(momentOf('1764000000000')).toBe(1_764_000_000_000);
    expect([momentOf(undefined), momentOf('soon'), momentOf('-1'), momentOf('1e12')]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect([spanOf('6h').title, spanOf('?').title]).toEqual(['6 h', '1 h']);
  });

  it('reaches as far as the history is kept, and asks for it the less often the longer it is', () => {
    expect(Math.max(...spans.map(({ ms }) => ms))).toBe(Math.max(...historyLevels.map(({ keptMs }) => keptMs)));
    const every = spans.map(({ ms }) => refreshMs(ms));
    expect(every).toEqual([...every].sort((one, other) => one - other));
    expect(every[0]).toBe(15_000);
  });

  it('asks for what led to a moment in whole milliseconds', () => {
    expect(shortlyBefore(1_000_000.5)).toEqual({ fromMs: 100_000, toMs: 1_000_001 });
    expect(shortlyBefore(5)).toEqual({ fromMs: 0, toMs: 5 });
  });

  it('tells the alerts that were firing then, in the state of then', () => {
    const [firing] = alerts;
    const over = { ...firing!, state: 'resolved' as const, sinceMs: 100, resolvedMs: 200 };
    const states = (atMs?: number) => alertsAt([over], atMs).map(({ state }) => state);
    expect([undefined, 99, 100, 199, 200].map(states)).toEqual([['resolved'], [], ['firing'], ['firing'], []]);
    expect(alertsAt([{ ...over, state: 'firing', resolvedMs: null }], 10_000)).toHaveLength(1);
  });

  it('tells the value of the moment that is marked, and nothing for what was not measured', () => {
    const [times, values] = [
      [10, 20, 30],
      [1, null, 3],
    ];
    const told = [undefined, 5, 10, 19, 20, 35].map((atMs) => valueAt(times!, values!, atMs));
    expect(told).toEqual([3, null, 1, 1, null, 3]);
    expect(valueAt([10, 20], [1, null], undefined)).toBe(1);
  });

  it('breaks a chart’s lines where points are missing', () => {
    const points = historyOf(20);
    const columns = columnsOf([...points.slice(0, 5), ...points.slice(12)], 10_000, 'board');
    expect(columns.times).toHaveLength(14);
    expect(columns.rate[5]).toBeNull();
    expect(columnsOf(points, 10_000, 'no-such-stage').p99.every((value) => value === null)).toBe(true);
  });
});
