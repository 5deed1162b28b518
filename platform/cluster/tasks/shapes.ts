/** Checks of values that come from outside: plain functions, as the agent has no room for a schema library. */
export type Shape = Readonly<Record<string, (value: unknown) => boolean>>;

export const isText = (value: unknown) => typeof value === 'string';
export const isNumber = (value: unknown) => typeof value === 'number';
export const isFlag = (value: unknown) => typeof value === 'boolean';
export const isTextOrNull = (value: unknown) => value === null || isText(value);
export const isOneOf =
  (...allowed: readonly string[]) =>
  (value: unknown) =>
    isText(value) && allowed.includes(value as string);
export const isList = (item: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(item);
export const isShape = (shape: Shape) => (value: unknown) =>
  isObject(value) && Object.entries(shape).every(([key, check]) => check(value[key]));
export const isTexts = (value: unknown) => isObject(value) && Object.values(value).every(isText);

/** Throws an Error that names the first part of `value` that is not as `shape` says. */
export function checkShape(value: unknown, shape: Shape, at: string): void {
  if (!isObject(value)) throw new Error(`${at || 'it'} is missing`);
  for (const [key, check] of Object.entries(shape)) {
    if (!check(value[key])) throw new Error(`${at === '' ? key : `${at}.${key}`} is missing or of the wrong kind`);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
