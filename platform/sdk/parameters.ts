/** Parameters of a blueprint, and the types that their values have in `build`. */
import type { ParameterSpec } from '../model/blueprint.ts';

export type ParameterSpecs = Readonly<Record<string, ParameterSpec>>;

interface ValueTypes {
  readonly integer: number;
  readonly number: number;
  readonly boolean: boolean;
}

type ValueOf<S extends ParameterSpec> = S['type'] extends keyof ValueTypes
  ? ValueTypes[S['type']]
  : S extends { readonly oneOf: readonly (infer Text)[] }
    ? Text
    : string;

/** `{ ratePerSecond: number, profile: 'small' | 'large' }` out of the specs. */
export type ValuesOf<P extends ParameterSpecs> = { readonly [K in keyof P]: ValueOf<P[K]> };

interface Bounds {
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly unit?: string;
  readonly doc: string;
}

/** A whole number. Bounds are inclusive. */
export const integer = (bounds: Bounds) => ({ type: 'integer', ...bounds }) as const;
export const number = (bounds: Bounds) => ({ type: 'number', ...bounds }) as const;
export const flag = (spec: { readonly default: boolean; readonly doc: string }) =>
  ({ type: 'boolean', ...spec }) as const;
export const choice = <const T extends string>(spec: {
  readonly oneOf: T[];
  readonly default: NoInfer<T>;
  readonly doc: string;
}) => ({ type: 'string', ...spec }) as const;
