import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { prettyJson } from '../../../platform/console/app/format/prettyJson.ts';
import { plainLine, visibleLine, visibleText } from '../../../platform/console/app/format/visibleText.ts';

describe('text of strangers', () => {
  test('markup stays text, character by character', () => {
    const text = '<img src=x onerror="alert(1)"><script>alert(2)</script>\n\tjavascript:alert(3) &amp;';
    expect(visibleText(text)).toEqual([{ kind: 'text', text }]);
  });
  test('what turns text around or hides is marked with its code point', () => {
    expect(visibleText('a\u202Eb\u200Bc\u0000d')).toEqual([
      { kind: 'text', text: 'a' },
      { kind: 'mark', text: 'U+202E', title: 'right-to-left override' },
      { kind: 'text', text: 'b' },
      { kind: 'mark', text: 'U+200B', title: 'zero-width space' },
      { kind: 'text', text: 'c' },
      { kind: 'mark', text: 'U+0000', title: 'null' },
      { kind: 'text', text: 'd' },
    ]);
  });
  test('a tag character beyond the first plane and a lone surrogate are marked', () => {
    expect(visibleText('\u{E0041}').map((piece) => piece.kind)).toEqual(['mark']);
    expect(visibleText('\uD800x')[0]).toMatchObject({ kind: 'mark', text: 'U+D800' });
  });
  test('a return before a line feed ends the line; alone it would overwrite, so it is marked', () => {
    expect(visibleText('a\r\nb')).toEqual([{ kind: 'text', text: 'a\nb' }]);
    expect(visibleText('a\rb')[1]).toMatchObject({ text: 'U+000D' });
  });
  test('long lines and many lines are cut, and say by how much', () => {
    expect(visibleText('x'.repeat(50), { maxLineCharacters: 20 })).toEqual([
      { kind: 'text', text: 'x'.repeat(20) },
      { kind: 'cut', characters: 30 },
    ]);
    expect(visibleText('a\nb\ncc', { maxLines: 2 })).toEqual([
      { kind: 'text', text: 'a\nb' },
      { kind: 'cut', characters: 3 },
    ]);
    expect(visibleText(`${'x'.repeat(3)}😀y`, { maxLineCharacters: 4 })[0]).toEqual({ kind: 'text', text: 'xxx' });
  });
  test('one line for titles', () => {
    expect(plainLine('a\nb\u202Ec')).toBe('a⟨⏎⟩b⟨U+202E⟩c');
    expect(visibleLine('x'.repeat(400)).at(-1)).toEqual({ kind: 'cut', characters: 100 });
  });
  test('for any text: no piece holds a hidden character, and nothing is lost', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const pieces = visibleText(text, { maxLineCharacters: 1000 });
        const back = pieces.map((piece) =>
          piece.kind === 'mark'
            ? String.fromCodePoint(Number.parseInt(piece.text.slice(2), 16))
            : piece.kind === 'text'
              ? piece.text
              : '',
        );
        expect(back.join('')).toBe(text.replaceAll('\r\n', '\n'));
        for (const piece of pieces)
          if (piece.kind === 'text') expect(piece.text).not.toMatch(/[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?![\t\n])\p{Cc}/u);
      }),
    );
  });
});

describe('JSON indented by its tokens', () => {
  test('digits, doubled keys and escapes stay as they were sent', () => {
    const text = '{"id":12345678901234567890,"id":1.50,"s":"a\\u202e\\"}{","e":[],"o":{},"l":[1,true,null]}';
    const pretty = prettyJson(text);
    expect(pretty).toBe(
      '{\n  "id": 12345678901234567890,\n  "id": 1.50,\n  "s": "a\\u202e\\"}{",\n  "e": [],\n  "o": {},\n  "l": [\n    1,\n    true,\n    null\n  ]\n}',
    );
  });
  test('what is not JSON, or was cut, is left alone', () => {
    for (const text of ['', 'hello', '{"a":', '12', '[1,]', '<img>']) expect(prettyJson(text)).toBeUndefined();
  });
  test('any value keeps its meaning', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify([value]);
        expect(JSON.stringify(JSON.parse(prettyJson(text)!))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });
});
