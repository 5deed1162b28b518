/** Splits Spark SQL into tokens: enough to read a select list, no more. https://spark.apache.org/docs/latest/sql-ref-literals.html */

export interface SqlToken {
  readonly kind: 'word' | 'quotedName' | 'string' | 'number' | 'symbol';
  /** A quoted name without its backticks; any other token as it is written. */
  readonly text: string;
  /** How many parentheses or brackets are open around it. */
  readonly depth: number;
}

const forms: readonly { readonly kind: SqlToken['kind'] | 'skipped'; readonly form: RegExp }[] = [
  { kind: 'skipped', form: /\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y },
  { kind: 'string', form: /'(?:\\[\s\S]|''|[^'\\])*(?:'|$)|"(?:\\[\s\S]|""|[^"\\])*(?:"|$)/y },
  { kind: 'quotedName', form: /`(?:``|[^`])*(?:`|$)/y },
  { kind: 'number', form: /\d[\w.]*/y },
  { kind: 'word', form: /[\p{L}_][\p{L}\p{N}_]*/uy },
  { kind: 'symbol', form: /[\s\S]/y },
];

/** Never throws: what is not closed runs to the end. A closing parenthesis has the depth of the one that it closes. */
export function tokenize(sql: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  let depth = 0;
  for (let at = 0; at < sql.length; ) {
    const { kind, text } = read(sql, at);
    at += text.length;
    if (kind === 'skipped') continue;
    if (text === ')' || text === ']') depth = Math.max(0, depth - 1);
    tokens.push({ kind, text: kind === 'quotedName' ? text.slice(1, -1).replaceAll('``', '`') : text, depth });
    if (text === '(' || text === '[') depth++;
  }
  return tokens;
}

function read(sql: string, at: number): { kind: SqlToken['kind'] | 'skipped'; text: string } {
  for (const { kind, form } of forms) {
    form.lastIndex = at;
    const text = form.exec(sql)?.[0];
    if (text) return { kind, text };
  }
  return { kind: 'symbol', text: sql[at]! };
}
