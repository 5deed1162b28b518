import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { selectList } from '../../../platform/plan/selectList.ts';
import { tokenize } from '../../../platform/plan/sqlTokens.ts';

const queries: Record<string, readonly string[]> = {
  'SELECT a, b.c, d AS e, `f g` FROM t': ['a', 'c', 'e', 'f g'],
  "select 'x, y AS no' as text, count(*) total from t": ['text', 'total'],
  'SELECT CAST(a AS INT) AS a, -- b, c\n /* d, */ f(g, h) AS i FROM t': ['a', 'i'],
  'WITH x AS (SELECT no FROM u) SELECT CASE WHEN a THEN 1 ELSE 2 END AS k FROM x': ['k'],
  'SELECT DISTINCT a FROM (SELECT b FROM t)': ['a'],
  'SELECT d.w.end AS window_end, a.x IS NOT NULL AS there FROM t': ['window_end', 'there'],
  "SELECT \"it's, FROM\" AS q, 'it\\'s' AS r FROM t": ['q', 'r'],
  'SELECT a, window(t, "1 minute").start AS s FROM t GROUP BY ALL': ['a', 's'],
};

test.each(Object.entries(queries))('%s', (sql, names) => {
  expect(selectList(sql)).toMatchObject({ ok: true, names });
});

test('tells which columns are handed on as they are', () => {
  const sql =
    "SELECT a, t.b, c AS c, t.d AS d, t.e e, upper(f) AS f, g AS h, i + 1 AS i, 'j' AS j, s.t.k AS k, -l AS l FROM t";
  expect(selectList(sql)).toMatchObject({ plain: ['a', 'b', 'c', 'd', 'e'] });
});

test.each([
  '',
  'FROM t',
  'SELECT a + 1 FROM t',
  'SELECT t.* FROM t',
  'SELECT a, a FROM t',
  'SELECT f(a) FROM t',
  'SELECT NULL',
])('refused: %s', (sql) => {
  expect(selectList(sql).ok).toBe(false);
});

test('no text makes it throw, and nothing but space and comments is lost', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (sql) => {
      expect(tokenize(sql).every(({ depth }) => depth >= 0)).toBe(true);
      selectList(sql);
    }),
  );
});
