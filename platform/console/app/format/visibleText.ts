/**
 * Text of strangers (payloads, span names, log lines, headers) as pieces to show: what can't be seen or what turns text around
 * becomes a mark with its code point. The pieces are put on the page as text nodes only, never as HTML.
 */

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  /** `text`: `U+202E`; `title`: what the character does. */
  | { readonly kind: 'mark'; readonly text: string; readonly title: string }
  /** Characters that were left out of a line. */
  | { readonly kind: 'cut'; readonly characters: number };

export interface VisibleOptions {
  /** Characters of a line after which it is cut. Default 2000. */
  readonly maxLineCharacters?: number;
  /** Lines after which the text is cut. Default 2000. */
  readonly maxLines?: number;
}

/** Unicode's bidirectional controls (UAX #9), zero-width characters, and the names of controls that turn up in payloads. */
const named: Readonly<Record<number, string>> = {
  0: 'null',
  7: 'bell',
  8: 'backspace',
  11: 'vertical tab',
  12: 'form feed',
  13: 'carriage return',
  27: 'escape',
  127: 'delete',
  173: 'soft hyphen',
  1564: 'Arabic letter mark',
  6158: 'Mongolian vowel separator',
  8203: 'zero-width space',
  8204: 'zero-width non-joiner',
  8205: 'zero-width joiner',
  8206: 'left-to-right mark',
  8207: 'right-to-left mark',
  8232: 'line separator',
  8233: 'paragraph separator',
  8234: 'left-to-right embedding',
  8235: 'right-to-left embedding',
  8236: 'pop directional formatting',
  8237: 'left-to-right override',
  8238: 'right-to-left override',
  8288: 'word joiner',
  8294: 'left-to-right isolate',
  8295: 'right-to-left isolate',
  8296: 'first strong isolate',
  8297: 'pop directional isolate',
  65279: 'byte order mark',
  65533: 'replacement character: bytes that are not UTF-8',
};

/** Control (Cc but tab and line feed), format (Cf), lone surrogates, line and paragraph separators, and what is not UTF-8. */
const hidden = /[\p{Cf}\p{Cs}\p{Zl}\p{Zp}\uFFFD]|(?![\t\n])\p{Cc}/gu;

/** A carriage return right before a line feed ends the line and is not marked. */
export function visibleText(text: string, options: VisibleOptions = {}): Piece[] {
  const { maxLineCharacters = 2000, maxLines = 2000 } = options;
  const pieces: Piece[] = [];
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  for (const [index, line] of lines.slice(0, maxLines).entries()) {
    if (index > 0) addText(pieces, '\n');
    addLine(pieces, line, maxLineCharacters);
  }
  const left = lines.slice(maxLines).reduce((sum, line) => sum + line.length + 1, 0);
  if (left > 0) pieces.push({ kind: 'cut', characters: left });
  return pieces;
}

/** For titles, labels, cells and lines of logs: one line, line breaks marked too. */
export function visibleLine(text: string, maxCharacters = 300): Piece[] {
  const pieces: Piece[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (index > 0) pieces.push({ kind: 'mark', text: '⏎', title: 'line break' });
    addLine(pieces, line, maxCharacters);
  }
  return pieces;
}

/** The same as a plain string, for attributes and text that is read aloud: marks in angle brackets. */
export function plainLine(text: string, maxCharacters = 300): string {
  return visibleLine(text, maxCharacters)
    .map((piece) => (piece.kind === 'text' ? piece.text : piece.kind === 'mark' ? `⟨${piece.text}⟩` : '…'))
    .join('');
}

function addLine(pieces: Piece[], line: string, maxCharacters: number): void {
  const shown = line.length > maxCharacters ? line.slice(0, wholeUpTo(line, maxCharacters)) : line;
  let at = 0;
  for (const match of shown.matchAll(hidden)) {
    addText(pieces, shown.slice(at, match.index));
    pieces.push(markOf(match[0]));
    at = match.index + match[0].length;
  }
  addText(pieces, shown.slice(at));
  if (shown.length < line.length) pieces.push({ kind: 'cut', characters: line.length - shown.length });
}

/** No surrogate pair is torn apart. */
function wholeUpTo(line: string, characters: number): number {
  const code = line.charCodeAt(characters - 1);
  return code >= 0xd800 && code <= 0xdbff ? characters - 1 : characters;
}

function addText(pieces: Piece[], text: string): void {
  if (text === '') return;
  const last = pieces.at(-1);
  if (last?.kind === 'text') pieces[pieces.length - 1] = { kind: 'text', text: last.text + text };
  else pieces.push({ kind: 'text', text });
}

function markOf(character: string): Piece {
  const code = character.codePointAt(0) ?? 0;
  const title =
    named[code] ?? (code < 0x20 || (code >= 0x7f && code < 0xa0) ? 'control character' : 'invisible character');
  return { kind: 'mark', text: `U+${code.toString(16).toUpperCase().padStart(4, '0')}`, title };
}
