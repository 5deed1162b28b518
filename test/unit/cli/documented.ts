/** Shapes of JSON as docs/reference/cli.md writes them: `{home, tasks: [{id, phase}], error?, latencyMs: {p50} | null}`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../docs/pages.ts';

/** `any`: the page says nothing of its parts. */
type Shape =
  | { readonly kind: 'any' }
  | { readonly kind: 'list'; readonly of: Shape }
  | {
      readonly kind: 'object';
      readonly fields: ReadonlyMap<string, { readonly shape: Shape; readonly optional: boolean }>;
    };

/** The shapes in the section of a command, in the order of the page. */
export function documentedShapes(command: string): readonly Shape[] {
  const page = readFileSync(join(root, 'docs/reference/cli.md'), 'utf8');
  const section = page.split(/^## (?=[a-z])/m).find((text) => new RegExp(`^${command}\\b`).test(text)) ?? '';
  return [...section.matchAll(/```\n(\{[\s\S]*?\})\n```|`(\{[^`]*\})`/g)].map(([, block, inline]) =>
    parseShape(block ?? inline!),
  );
}

/** What differs between the value and the shape, a line each: fields too many or too few, with their path. */
export function differences(shape: Shape, value: unknown, path = '$'): readonly string[] {
  if (shape.kind === 'any' || value === null) return [];
  if (shape.kind === 'list') {
    if (!Array.isArray(value)) return [`${path} is no list`];
    return value.flatMap((each, index) => differences(shape.of, each, `${path}[${index}]`));
  }
  if (typeof value !== 'object' || Array.isArray(value)) return [`${path} is no object`];
  const there = new Map(Object.entries(value));
  const missing = [...shape.fields].filter(([name, { optional }]) => !optional && !there.has(name));
  const unknown = [...there.keys()].filter((name) => !shape.fields.has(name));
  return [
    ...missing.map(([name]) => `${path}.${name} is documented, and not there`),
    ...unknown.map((name) => `${path}.${name} is there, and not documented`),
    ...[...shape.fields].flatMap(([name, field]) =>
      there.has(name) ? differences(field.shape, there.get(name), `${path}.${name}`) : [],
    ),
  ];
}

function parseShape(text: string): Shape {
  const tokens = text.match(/"[^"]*"|\w[\w-]*|[{}[\],:?|]/g) ?? [];
  let at = 0;
  const take = (token: string) => {
    if (tokens[at] !== token) throw new Error(`expected ${token}, got ${tokens[at]} in ${text}`);
    at += 1;
  };
  const value = (): Shape => {
    let shape: Shape = { kind: 'any' };
    if (tokens[at] === '{') shape = object();
    else if (tokens[at] === '[') shape = list();
    // Literals and unions say what a value may be, not what it consists of.
    while (at < tokens.length && !['}', ']', ','].includes(tokens[at]!)) at += 1;
    return shape;
  };
  const list = (): Shape => {
    take('[');
    const of = value();
    take(']');
    return { kind: 'list', of };
  };
  const object = (): Shape => {
    take('{');
    const fields = new Map<string, { shape: Shape; optional: boolean }>();
    while (tokens[at] !== '}') {
      const name = tokens[at++]!;
      const optional = tokens[at] === '?' && at++ > 0;
      fields.set(name, { shape: tokens[at] === ':' && at++ > 0 ? value() : { kind: 'any' }, optional });
      if (tokens[at] === ',') at += 1;
    }
    take('}');
    return { kind: 'object', fields };
  };
  return value();
}
