/**
 * What a trace can be found by, as numbers. A term is a kind and a text (`service` = `flights.ingress`; an attribute as
 * `key=value`); the index keeps 52 bits of its hash. Two of ten million different terms meet with a chance of about 1 %, one
 * certain term meets another with one of 2e-9: a search may then show a trace too much, never one too few.
 */
import { eventHash } from '../conservation/tally.ts';

export type TermKind = 'service' | 'name' | 'pipeline' | 'attribute';
const letters: Readonly<Record<TermKind, string>> = { service: 's', name: 'n', pipeline: 'p', attribute: 'a' };
const twoTo20 = 0x10_0000;

export function termHash(kind: TermKind, text: string): number {
  const { high, low } = eventHash(letters[kind] + text);
  return high * twoTo20 + (low >>> 12);
}

/** Values are compared as text: `200` finds the number and the string. Lists are not indexed. */
export function attributeTerm(key: string, value: string | number | boolean): number {
  return termHash('attribute', `${key}=${value}`);
}
