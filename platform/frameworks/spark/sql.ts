/** SQL of a job with the blueprint's parameters filled in. Pure. */
import { fail } from '../../errors.ts';
import type { ParameterValues } from '../../model/blueprint.ts';

/**
 * Replaces each `${name}` by the parameter's value as an SQL literal, so that no value can end the literal it stands in.
 * Write it bare, `WHERE airport = ${airport}`, never inside quotes. Throws UNKNOWN_PARAMETER.
 */
export function withParameters(sql: string, parameters: ParameterValues, blueprint: string): string {
  return sql.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (value !== undefined) return literal(value);
    const allowed = Object.keys(parameters);
    return fail('UNKNOWN_PARAMETER', { blueprint, name, allowed, nearest: allowed[0] ?? 'none' });
  });
}

/** Spark reads backslash escapes in a quoted string (`spark.sql.parser.escapedStringLiterals` is false). */
function literal(value: number | string | boolean): string {
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number')
    return Number.isFinite(value) ? numberLiteral(value) : fail('INTERNAL', { reason: `${value} is no SQL number` });
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`;
}

/** In parentheses when negative: `a -${b}` must not become a comment. A fraction or exponent is a DOUBLE, not a DECIMAL. */
function numberLiteral(value: number): string {
  const text = Number.isInteger(value) && Math.abs(value) < 1e18 ? BigInt(value).toString() : `${value}D`;
  return value < 0 ? `(${text})` : text;
}
