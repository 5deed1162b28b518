import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { errorPage, renderErrorTable } from '../../../platform/errors/document.ts';
import { errorRows } from '../../../platform/errors/rows.ts';
import { type ErrorCode, type ErrorRow, exitCodes, MillraceError } from '../../../platform/errors.ts';

const rows = Object.entries<ErrorRow>(errorRows) as [ErrorCode, ErrorRow][];
const textsOf = ({ what, meaning, next }: ErrorRow) => [what, meaning, next];
const holesOf = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

test('docs/reference/errors.md is the rendered table', () => {
  // To bring it up to date: ./millrace exec platform/errors/document.ts --write
  expect(readFileSync(errorPage, 'utf8')).toBe(renderErrorTable());
});

describe.each(rows)('%s', (code, row) => {
  test('says what happened, what it means and what to do next', () => {
    for (const text of textsOf(row)) expect(text.trim()).not.toBe('');
    expect(Object.keys(exitCodes)).toContain(row.class);
  });

  test('has placeholders that are well formed', () => {
    for (const text of textsOf(row)) {
      expect(text.replaceAll(/\{[a-z][A-Za-z]*\}/g, '')).not.toMatch(/[{}]/);
    }
  });

  test('is filled from its details, with no placeholder left', () => {
    const names = textsOf(row).flatMap(holesOf);
    const details = Object.fromEntries(names.map((name) => [name, `<${name}>`]));
    const { message, meaning, next } = new MillraceError(code, details).toJSON();
    for (const text of [message, meaning, next]) expect(text).not.toMatch(/\{\w+\}/);
    for (const name of names) expect(`${message}${meaning}${next}`).toContain(`<${name}>`);
  });
});

test('an empty list in the details reads as "none"', () => {
  expect(new MillraceError('UNKNOWN_PIPELINE', { name: 'x', known: [] }).toJSON().meaning).toBe(
    'Pipelines of this home: none.',
  );
});

/** Calls that give their details as a literal without a spread: what each names can be read off. */
const literalCall = /(?:fail|new MillraceError|new IngressFault)\(\s*'([A-Z_]+)',\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}/g;
const platform = fileURLToPath(new URL('../../../platform/', import.meta.url));

test('what throws an error fills in every placeholder of its texts', () => {
  const sources = readdirSync(platform, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const calls = sources.flatMap((file) =>
    [...readFileSync(`${platform}${file}`, 'utf8').matchAll(literalCall)].map(([, code, details]) => ({
      file,
      code: code as ErrorCode,
      details: details!.trim(),
    })),
  );
  const literal = calls.filter(({ code, details }) => code in errorRows && !details.includes('...'));
  expect(literal.length).toBeGreaterThan(50);
  const lacking = literal.flatMap(({ file, code, details }) => {
    const holes = new Set(textsOf(errorRows[code]).flatMap(holesOf));
    const unfilled = [...holes].filter((name) => !new RegExp(`(^|[\\s,{])${name}\\s*(:|,|$)`).test(details));
    return unfilled.map((name) => `${file}: ${code} lacks ${name}`);
  });
  expect(lacking).toEqual([]);
});
