/** Timestamps on the wire: ISO-8601, in UTC or with an offset (RFC 3339), to the millisecond or finer. */

const isoTime = /^\d{4}-(0\d|1[0-2])-([0-2]\d|3[01])T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/;

/** What is wrong with the text, as the end of a sentence that begins with its name; undefined when it is a time. */
export function isoTimeFault(text: string): string | undefined {
  if (isoTime.test(text) && !Number.isNaN(Date.parse(text))) return undefined;
  return `is not an ISO-8601 time in UTC: "${text.slice(0, 40)}"`;
}

/** Milliseconds since 1970 of a text that `isoTimeFault` has passed. */
export function epochMsOf(text: string): number {
  return Date.parse(text);
}
