import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Heatmap } from '../../../platform/api/contract/traces.ts';
import {
  cellAt,
  cellRectangle,
  filledCells,
  gridOf,
  heatCell,
  heatStep,
  heatSteps,
  latencyRange,
  mostCountOf,
  moveBy,
} from '../../../platform/console/app/pages/traces/heatmapLayout.ts';

const heatmap: Heatmap = {
  fromMs: 1000,
  stepMs: 500,
  latencyBoundsMs: [0, 1, 10, 100],
  counts: [
    [5, 0, 0, 1],
    [0, 0, 0, 0],
    [900, 3, 0, 0],
  ],
  exemplars: [{ column: 0, row: 3, traceId: 'slow' }],
};

describe('heat map', () => {
  test('cells tile the picture: each pixel belongs to exactly the cell that is hit there', () => {
    fc.assert(
      fc.property(
        fc.record({ columns: fc.integer({ min: 1, max: 60 }), rows: fc.integer({ min: 1, max: 20 }) }),
        fc.integer({ min: 60, max: 300 }),
        fc.integer({ min: 20, max: 100 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (size, widthPx, heightPx, fx, fy) => {
          const grid = { ...size, widthPx, heightPx };
          const [x, y] = [Math.floor(fx * widthPx) + 0.5, Math.floor(fy * heightPx) + 0.5];
          const cell = cellAt(grid, x, y)!;
          const box = cellRectangle(grid, cell);
          expect(x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height).toBe(true);
        },
      ),
    );
  });
  test('row 0 is at the bottom; outside there is nothing', () => {
    const grid = gridOf(heatmap, 300, 100);
    expect(cellAt(grid, 1, 99)).toEqual({ column: 0, row: 0 });
    expect(cellAt(grid, 299, 0)).toEqual({ column: 2, row: 3 });
    expect(cellAt(grid, 300, 0)).toBeUndefined();
    expect(cellAt(grid, -1, 0)).toBeUndefined();
    expect(cellAt({ columns: 0, rows: 0, widthPx: 10, heightPx: 10 }, 1, 1)).toBeUndefined();
  });
  test('one trace among hundreds is seen, none is not', () => {
    const most = mostCountOf(heatmap);
    expect(most).toBe(900);
    expect([0, 1, 900].map((count) => heatStep(count, most))).toEqual([0, 1, heatSteps]);
    expect(heatStep(1, 1)).toBe(1);
    expect(heatStep(20, 20)).toBe(heatSteps);
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), (a, b) => {
        if (a <= b) expect(heatStep(a, 1000)).toBeLessThanOrEqual(heatStep(b, 1000));
      }),
    );
  });
  test('a cell says its times, its latencies and its exemplar', () => {
    const cell = heatCell(heatmap, { column: 0, row: 3 });
    expect(cell).toMatchObject({ fromMs: 1000, toMs: 1500, leastMs: 100, mostMs: null, count: 1, traceId: 'slow' });
    expect(latencyRange(cell)).toBe('over 100 ms');
    expect(latencyRange(heatCell(heatmap, { column: 2, row: 1 }))).toBe('1 ms – 10 ms');
    expect(heatCell(heatmap, { column: 2, row: 1 }).traceId).toBeNull();
  });
  test('the table holds every cell with traces, newest and slowest first', () => {
    expect(filledCells(heatmap).map(({ column, row }) => [column, row])).toEqual([
      [2, 1],
      [2, 0],
      [0, 3],
      [0, 0],
    ]);
  });
  test('arrow keys go from filled cell to filled cell', () => {
    expect(moveBy(heatmap, { column: 0, row: 0 }, 'ArrowRight')).toEqual({ column: 2, row: 0 });
    expect(moveBy(heatmap, { column: 2, row: 1 }, 'ArrowLeft')).toEqual({ column: 0, row: 0 });
    expect(moveBy(heatmap, { column: 0, row: 0 }, 'ArrowUp')).toEqual({ column: 0, row: 3 });
    expect(moveBy(heatmap, { column: 0, row: 3 }, 'ArrowUp')).toEqual({ column: 0, row: 3 });
    expect(moveBy(heatmap, { column: 0, row: 0 }, 'End')).toMatchObject({ column: 2, row: 1 });
    expect(moveBy(heatmap, { column: 2, row: 0 }, 'Home')).toMatchObject({ column: 0, row: 3 });
  });
});
