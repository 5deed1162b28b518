/** Compares columns, dataset fields and values with the schema of a topic. */

import { compileChecker } from '../model/check.ts';
import type { Reason } from '../model/cluster.ts';
import { nearestNames } from '../model/nearest.ts';
import { type EventSchema, envelopeTypes, type Field, type FieldType } from '../model/schema.ts';
import { faultAt } from './reasons.ts';

/** The field of the schema, else of the envelope. */
export function fieldOf(schema: EventSchema, name: string): Field | undefined {
  if (Object.hasOwn(schema.fields, name)) return schema.fields[name];
  return Object.hasOwn(envelopeTypes, name) ? envelopeTypes[name as keyof typeof envelopeTypes] : undefined;
}

/** `name` must be a key of `known`; `what` says of what: `topic`. Names what was meant, or what there is. */
export function mustExist(
  path: string,
  what: string,
  name: string,
  known: Readonly<Record<string, unknown>>,
): Reason[] {
  if (Object.hasOwn(known, name)) return [];
  return [faultAt(path, `there is no ${what} "${name}"${suggestion(name, Object.keys(known))}`)];
}

/** `name` must be a field of the schema or of the envelope, of the given types if any are given. */
export function mustBeField(
  path: string,
  name: string,
  schema: EventSchema,
  types: readonly FieldType[] = [],
): Reason[] {
  const field = fieldOf(schema, name);
  if (field === undefined) {
    const known = [...Object.keys(schema.fields), ...Object.keys(envelopeTypes)];
    return [faultAt(path, `"${name}" is no field of ${schema.name}${suggestion(name, known)}`)];
  }
  if (types.length === 0 || types.includes(field.type)) return [];
  return [faultAt(path, `field "${name}" is ${field.type}; here it must be ${types.join(' or ')}`)];
}

/** The fields of a dataset must be those of the schema; only nullable ones may be left out. */
export function mustMatch(
  path: string,
  fields: Readonly<Record<string, { readonly type: FieldType }>>,
  schema: EventSchema,
): Reason[] {
  const reasons: Reason[] = [];
  for (const [name, { type }] of Object.entries(fields)) {
    const field = Object.hasOwn(schema.fields, name) ? schema.fields[name] : undefined;
    if (field === undefined) {
      reasons.push(
        faultAt(`${path}.${name}`, `no field of ${schema.name}${suggestion(name, Object.keys(schema.fields))}`),
      );
    } else if (field.type !== type) {
      reasons.push(faultAt(`${path}.${name}`, `is ${type}, but field "${name}" of ${schema.name} is ${field.type}`));
    }
  }
  for (const [name, field] of Object.entries(schema.fields)) {
    if (field.nullable || Object.hasOwn(fields, name)) continue;
    reasons.push(faultAt(path, `lacks field "${name}" (${field.type}) of ${schema.name}`));
  }
  return reasons;
}

/** A value that is sent to the topic must pass the check that the ingress makes. */
export function mustPass(path: string, value: unknown, schema: EventSchema): Reason[] {
  const found = compileChecker(schema)(value);
  return found === undefined
    ? []
    : [faultAt(`${path}${found.path.replaceAll('/', '.')}`, `${found.reason} (${schema.name})`)];
}

export function suggestion(name: string, known: readonly string[]): string {
  const [nearest] = nearestNames(name, known);
  if (nearest !== undefined) return `; did you mean "${nearest}"?`;
  return known.length === 0 ? '; there is none' : `; there is: ${known.join(', ')}`;
}
