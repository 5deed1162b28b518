/**
 * The header that every event carries along its way, `millrace-pathway`. It has a fixed form of 46 ASCII characters,
 *
 *     2;<pathway>;<origin>;<previous>      2;9c1b5a02e4f7d813;1795538309416;1795538309522
 *
 * version; the id of the chain of checkpoints passed so far, 16 hexadecimal digits; the milliseconds since 1970 at which the
 * event entered the pipeline; and those at which it left the checkpoint before. The ingress stamps it anew, so that nobody
 * outside can pretend an origin; a header of any other form counts as none.
 */

export interface PathwayContext {
  /** Id of the pathway so far (see pathways.ts). */
  readonly pathway: string;
  readonly originMs: number;
  /** When the event left the checkpoint before. */
  readonly previousMs: number;
}

const version = '2';
const idDigits = 16;
const timeDigits = 13;
const originAt = 2 + idDigits + 1;
const previousAt = originAt + timeDigits + 1;
export const pathwayHeaderLength = previousAt + timeDigits;

const [zero, nine, a, f, semicolon] = [0x30, 0x39, 0x61, 0x66, 0x3b];

/** The times are cut to whole milliseconds; they must lie between 2001-09-09 and 2286-11-20, where thirteen digits do. */
export function formatPathwayHeader({ pathway, originMs, previousMs }: PathwayContext): string {
  return `${version};${pathway};${Math.trunc(originMs)};${Math.trunc(previousMs)}`;
}

/** Undefined for a header that is missing or of another form. */
export function parsePathwayHeader(header: string | undefined): PathwayContext | undefined {
  if (header === undefined || header.length !== pathwayHeaderLength || !header.startsWith('2;')) return undefined;
  if (header.charCodeAt(originAt - 1) !== semicolon || header.charCodeAt(previousAt - 1) !== semicolon)
    return undefined;
  const pathway = idOf(header);
  const originMs = digits(header, originAt);
  const previousMs = digits(header, previousAt);
  if (pathway === undefined || originMs < 0 || previousMs < 0) return undefined;
  return { pathway, originMs, previousMs };
}

/** Most events come on the pathway of the one before: its id needs no check, no new string, and no hash of one in a Map. */
let lastId = '0'.repeat(idDigits);

function idOf(header: string): string | undefined {
  if (header.startsWith(lastId, 2)) return lastId;
  for (let at = 2; at < 2 + idDigits; at++) {
    const code = header.charCodeAt(at);
    if (!((code >= zero && code <= nine) || (code >= a && code <= f))) return undefined;
  }
  lastId = header.slice(2, 2 + idDigits);
  return lastId;
}

const firstDigits = 6;
const restFactor = 10 ** (timeDigits - firstDigits);

/** Thirteen digits as a number, or -1. In two parts: integers of 32 bits cost a third of doubles. */
function digits(header: string, at: number): number {
  const first = wholeNumber(header, at, at + firstDigits);
  const rest = wholeNumber(header, at + firstDigits, at + timeDigits);
  return first < 0 || rest < 0 ? -1 : first * restFactor + rest;
}

/** At most nine digits. */
function wholeNumber(header: string, from: number, end: number): number {
  let value = 0;
  for (let at = from; at < end; at++) {
    const digit = header.charCodeAt(at) - zero;
    if (digit < 0 || digit > 9) return -1;
    value = Math.imul(value, 10) + digit;
  }
  return value;
}
