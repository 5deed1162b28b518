/** Which columns an SQL query answers, read from its outermost select list. */
import { type SqlToken, tokenize } from './sqlTokens.ts';

export type SelectList =
  | {
      readonly ok: true;
      readonly names: readonly string[];
      /** Those that are columns of the same name, handed on as they are. */
      readonly plain: readonly string[];
    }
  | { readonly ok: false; readonly reason: string };

/** Words at the outermost level that end a select list. */
const ends = new Set(['from', 'where', 'group', 'having', 'order', 'limit', 'union', 'intersect', 'except']);

/**
 * Names of the columns of the first SELECT outside all parentheses (after the definitions of a WITH, which stand in them):
 * the alias, with or without AS, or the last part of a plain column. A star and an expression without an alias are refused,
 * since their names can't be told from the text.
 */
export function selectList(sql: string): SelectList {
  const tokens = tokenize(sql);
  const start = tokens.findIndex((token) => token.depth === 0 && isWord(token, 'select'));
  if (start < 0) return { ok: false, reason: 'there is no SELECT outside parentheses' };
  const names: string[] = [];
  const plain: string[] = [];
  for (const item of itemsOf(tokens.slice(start + 1))) {
    const name = nameOf(item);
    if (name === undefined) return { ok: false, reason: `give "${written(item)}" a name: … AS name` };
    names.push(name);
    if (isPlain(item, name)) plain.push(name);
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  return twice === undefined ? { ok: true, names, plain } : { ok: false, reason: `two columns are named "${twice}"` };
}

function itemsOf(tokens: readonly SqlToken[]): SqlToken[][] {
  const items: SqlToken[][] = [[]];
  for (const [index, token] of tokens.entries()) {
    const outermost = token.depth === 0;
    if (outermost && (token.text === ';' || (token.kind === 'word' && ends.has(token.text.toLowerCase())))) break;
    if (index === 0 && (isWord(token, 'distinct') || isWord(token, 'all'))) continue;
    if (outermost && token.text === ',' && token.kind === 'symbol') items.push([]);
    else items.at(-1)!.push(token);
  }
  return items;
}

function nameOf(item: readonly SqlToken[]): string | undefined {
  const last = item.at(-1);
  const before = item.at(-2);
  if (last === undefined || last.depth > 0) return undefined;
  if (last.kind !== 'quotedName' && (last.kind !== 'word' || isWord(last, 'end'))) return undefined;
  if (before === undefined) return isLiteral(last) ? undefined : last.text;
  if (isWord(before, 'as')) return last.text;
  if (before.text === '.' && before.kind === 'symbol') return isPath(item) ? last.text : undefined;
  if (isLiteral(last)) return undefined;
  const endsExpression = before.kind !== 'symbol' || before.text === ')' || before.text === ']';
  return endsExpression && !isOperator(before) ? last.text : undefined;
}

/** `name`, `table.name`, either with `AS name` or `name` behind it. */
function isPlain(item: readonly SqlToken[], name: string): boolean {
  const path = [item, item.slice(0, -1), item.slice(0, -2)].find((each) => each.length > 0 && isPath(each));
  return path !== undefined && path.length % 2 === 1 && path.length <= 3 && path.at(-1)!.text === name;
}

/** `column`, `table.column`, `struct.field`. */
function isPath(item: readonly SqlToken[]): boolean {
  return item.every((token, index) =>
    index % 2 === 1 ? token.text === '.' : token.kind === 'word' || token.kind === 'quotedName',
  );
}

const literals = new Set(['null', 'true', 'false', 'current_timestamp', 'current_date']);
const isLiteral = (token: SqlToken) => token.kind === 'word' && literals.has(token.text.toLowerCase());

const operators = new Set([
  'and',
  'or',
  'not',
  'is',
  'in',
  'like',
  'rlike',
  'ilike',
  'between',
  'div',
  'then',
  'else',
  'when',
]);
const isOperator = (token: SqlToken) => token.kind === 'word' && operators.has(token.text.toLowerCase());

function isWord(token: SqlToken, word: string): boolean {
  return token.kind === 'word' && token.text.toLowerCase() === word;
}

function written(item: readonly SqlToken[]): string {
  const text = item.map((token) => token.text).join(' ');
  return text.length > 60 ? `${text.slice(0, 60)}…` : text || '(nothing)';
}
