/**
 * JSON indented by its tokens as they stand: digits beyond 2^53, doubled keys and escapes stay as they were sent. Undefined when
 * the text is not JSON (it may have been cut): then it is shown as it is.
 */
const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/gs;

export function prettyJson(text: string): string | undefined {
  const first = text.trimStart()[0];
  if (first !== '{' && first !== '[') return undefined;
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  return indent(text.match(token) ?? []);
}

function indent(tokens: readonly string[]): string {
  const out: string[] = [];
  let depth = 0;
  const line = () => `\n${'  '.repeat(Math.min(depth, 40))}`;
  tokens.forEach((piece, index) => {
    if (piece === '{' || piece === '[') {
      const isEmpty = tokens[index + 1] === (piece === '{' ? '}' : ']');
      depth += isEmpty ? 0 : 1;
      out.push(piece, isEmpty ? '' : line());
    } else if (piece === '}' || piece === ']') {
      const isEmpty = tokens[index - 1] === (piece === '}' ? '{' : '[');
      depth -= isEmpty ? 0 : 1;
      out.push(isEmpty ? '' : line(), piece);
    } else if (piece === ',') out.push(piece, line());
    else out.push(piece === ':' ? ': ' : piece);
  });
  return out.join('');
}
