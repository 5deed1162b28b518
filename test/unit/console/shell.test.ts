import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fillPath, queryText } from '../../../platform/console/app/api/urls.ts';
import { betweenMs, noKey, press, type Shortcut } from '../../../platform/console/app/shell/keys.ts';
import { hrefOf, matchPath, readPlace, segment } from '../../../platform/console/app/shell/routing.ts';
import { sortRows } from '../../../platform/console/app/ui/sorting.ts';
import { sparkPath } from '../../../platform/console/app/ui/spark.ts';

describe('places', () => {
  it('come back from their address whatever a name holds', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string({ minLength: 1 }), (name, value) => {
        const place = readPlace(hrefOf(`/pipelines/${segment(name)}`, { show: value }));
        expect(matchPath('/pipelines/:pipeline', place.path)).toEqual({ pipeline: name });
        expect(place.query).toEqual({ show: value });
      }),
    );
  });

  it('fit only a path of the same length and words', () => {
    expect(matchPath('/pipelines', '/pipelines/')).toEqual({});
    expect(matchPath('/pipelines/:pipeline', '/pipelines')).toBeUndefined();
    expect(matchPath('/traces/:id', '/pipelines/x')).toBeUndefined();
    expect(readPlace('#nonsense')).toEqual({ path: '/', query: {} });
    expect(matchPath('/a/:b', '/a/%E0%A4%A')).toEqual({ b: '%E0%A4%A' });
  });

  it('leave out what is not asked', () => {
    expect(queryText({ a: undefined, b: '', c: 0, d: 'x y' })).toBe('?c=0&d=x+y');
    expect(queryText({})).toBe('');
  });

  it('keep a parameter one segment', () => {
    expect(fillPath('/api/tasks/:task/logs', { task: 'a/../b' })).toBe('/api/tasks/a%2F..%2Fb/logs');
    expect(() => fillPath('/api/tasks/:task', {})).toThrow(/needs task/);
  });
});

describe('shortcuts', () => {
  const shortcuts: Shortcut[] = ['?', 'g p', 'g t', 'p'].map((keys) => ({ keys, title: keys, run: () => {} }));
  const typed = (...keys: (readonly [string, number])[]) => {
    let state = noKey;
    return keys.map(([key, atMs]) => {
      const pressed = press(state, key, atMs, shortcuts);
      state = pressed.state;
      return pressed.shortcut?.keys;
    });
  };

  it('are found by one key, and by two in time', () => {
    expect(typed(['?', 0])).toEqual(['?']);
    expect(typed(['g', 0], ['p', betweenMs])).toEqual([undefined, 'g p']);
  });

  it('forget the first key after a while, and after one that does not fit', () => {
    expect(typed(['g', 0], ['p', betweenMs + 1])).toEqual([undefined, 'p']);
    expect(typed(['g', 0], ['x', 1], ['t', 2])).toEqual([undefined, undefined, undefined]);
    expect(typed(['g', 0], ['g', 1], ['t', 2])).toEqual([undefined, undefined, 'g t']);
  });
});

describe('a sparkline', () => {
  const size = { width: 10, height: 14 };

  it('starts at the foot with 0, reaches the top with the largest, and breaks where nothing is known', () => {
    expect(sparkPath([0, 5, 10], size)).toBe('M0.0 12.0L5.0 7.0L10.0 2.0');
    expect(sparkPath([1, null, 1], size)).toBe('M0.0 2.0M10.0 2.0');
    expect([sparkPath([], size), sparkPath([0, 0], size)]).toEqual(['', 'M0.0 12.0L10.0 12.0']);
  });
});

describe('sorting', () => {
  const rows = [{ v: 10 }, { v: null }, { v: 9 }];
  const columns = [{ id: 'v', sortBy: ({ v }: { v: number | null }) => v }];

  it('puts what is not known last, both ways', () => {
    expect(sortRows(rows, columns, { column: 'v', direction: 'ascending' }).map(({ v }) => v)).toEqual([9, 10, null]);
    expect(sortRows(rows, columns, { column: 'v', direction: 'descending' }).map(({ v }) => v)).toEqual([10, 9, null]);
  });

  it('leaves rows as they come without a column to sort by', () => {
    expect(sortRows(rows, columns, undefined)).toBe(rows);
  });
});
