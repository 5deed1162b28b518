/** The time that a pipeline's page shows: moments, spans, runs of states. */
import { describe, expect, it } from '@jest/globals';
import { columnsOf } from '../../../platform/console/app/pages/pipeline/panel/series.ts';
import { momentOf, spanOf } from '../../../platform/console/app/pages/pipeline/time/spans.ts';
import { stateRuns } from '../../../platform/console/app/pages/pipeline/time/states.ts';
import { historyOf } from '../../fixtures/console/measures.ts';

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

  it('breaks a chart’s lines where points are missing', () => {
    const points = historyOf(20);
    const columns = columnsOf([...points.slice(0, 5), ...points.slice(12)], 10_000, 'board');
    expect(columns.times).toHaveLength(14);
    expect(columns.rate[5]).toBeNull();
    expect(columnsOf(points, 10_000, 'no-such-stage').p99.every((value) => value === null)).toBe(true);
  });
});
