/**
 * Reads protobuf by a table of fields (https://protobuf.dev/programming-guides/encoding/) into the shape that OTLP/JSON has, so that
 * what follows is one code for both. Unknown fields are skipped; anything that does not fit throws MalformedError.
 */

/**
 * `nanos`: fixed64 of nanoseconds since 1970, read as microseconds. `id`: bytes, read as lower-case hexadecimal digits.
 * 64-bit integers become numbers; above 2^53 they lose their last digits.
 */
export type FieldType =
  | 'string'
  | 'id'
  | 'bytes'
  | 'bool'
  | 'int'
  | 'sint'
  | 'double'
  | 'fixed64'
  | 'sfixed64'
  | 'fixed32'
  | 'nanos';

export interface Field {
  readonly name: string;
  /** A function where messages hold one another. */
  readonly type: FieldType | (() => Message);
  readonly repeated?: boolean;
}
/** By field number. */
export type Message = Readonly<Record<number, Field>>;

export class MalformedError extends Error {}

/** Of messages within messages; attribute values of kvlists are the only ones that may go on for ever. */
const maxDepth = 32;
const twoTo32 = 0x1_0000_0000;

export function decodeMessage(message: Message, bytes: Buffer): Record<string, unknown> {
  const reader = new Reader(bytes);
  const value = reader.message(message, bytes.length, 0);
  return value;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  message(message: Message, end: number, depth: number): Record<string, unknown> {
    if (depth > maxDepth) throw new MalformedError('messages are nested too deeply');
    const value: Record<string, unknown> = {};
    while (this.#at < end) {
      const tag = this.#varint(end);
      const wire = tag & 7;
      const field = message[Math.floor(tag / 8)];
      if (field === undefined) this.#skip(wire, end);
      else this.#field(value, field, wire, end, depth);
    }
    return value;
  }

  #field(value: Record<string, unknown>, field: Field, wire: number, end: number, depth: number): void {
    const { name, type, repeated } = field;
    if (repeated !== true) {
      value[name] = this.#value(type, wire, end, depth);
      return;
    }
    let list = value[name] as unknown[] | undefined;
    if (list === undefined) {
      list = [];
      value[name] = list;
    }
    const isPacked = wire === 2 && typeof type === 'string' && type !== 'string' && type !== 'id' && type !== 'bytes';
    if (!isPacked) {
      list.push(this.#value(type, wire, end, depth));
      return;
    }
    const packedEnd = this.#end(end);
    const elementWire = type === 'int' || type === 'sint' || type === 'bool' ? 0 : type === 'fixed32' ? 5 : 1;
    while (this.#at < packedEnd) list.push(this.#value(type, elementWire, packedEnd, depth));
  }

  #value(type: Field['type'], wire: number, end: number, depth: number): unknown {
    if (typeof type === 'function') {
      this.#expect(wire, 2);
      return this.message(type(), this.#end(end), depth + 1);
    }
    if (type === 'string' || type === 'id' || type === 'bytes') {
      this.#expect(wire, 2);
      const stop = this.#end(end);
      const text = this.#bytes.toString(type === 'string' ? 'utf8' : type === 'id' ? 'hex' : 'base64', this.#at, stop);
      this.#at = stop;
      return text;
    }
    if (type === 'int' || type === 'sint' || type === 'bool') {
      this.#expect(wire, 0);
      const number = this.#varint(end);
      if (type === 'bool') return number !== 0;
      if (type === 'sint') return number % 2 === 0 ? number / 2 : -(number + 1) / 2;
      return number;
    }
    this.#expect(wire, type === 'fixed32' ? 5 : 1);
    return this.#fixed(type, end);
  }

  #fixed(type: 'double' | 'fixed64' | 'sfixed64' | 'fixed32' | 'nanos', end: number): number {
    const at = this.#at;
    this.#at += type === 'fixed32' ? 4 : 8;
    if (this.#at > end) throw new MalformedError('a field is cut short');
    if (type === 'fixed32') return this.#bytes.readUInt32LE(at);
    if (type === 'double') return this.#bytes.readDoubleLE(at);
    const low = this.#bytes.readUInt32LE(at);
    if (type === 'sfixed64') return this.#bytes.readInt32LE(at + 4) * twoTo32 + low;
    const high = this.#bytes.readUInt32LE(at + 4);
    // 2^32 = 4,294,967 × 1000 + 296: exact, where high × 2^32 would not be.
    return type === 'nanos' ? high * 4_294_967 + Math.floor((high * 296 + low) / 1000) : high * twoTo32 + low;
  }

  /** A varint of up to 64 bits; with the highest bit set it is negative (int64). */
  #varint(end: number): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= end) throw new MalformedError('a number is cut short');
      const byte = this.#bytes[this.#at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low += bits * 2 ** shift;
      else high += bits * 2 ** (shift - 28);
      if (byte < 0x80) return signed(low, high);
    }
    throw new MalformedError('a number is longer than 64 bits');
  }

  #end(end: number): number {
    const length = this.#varint(end);
    if (length < 0 || this.#at + length > end) throw new MalformedError('a field reaches beyond its message');
    return this.#at + length;
  }

  #skip(wire: number, end: number): void {
    if (wire === 0) this.#varint(end);
    else if (wire === 1) this.#at += 8;
    else if (wire === 2) this.#at = this.#end(end);
    else if (wire === 5) this.#at += 4;
    else throw new MalformedError(`wire type ${wire} is not known`);
    if (this.#at > end) throw new MalformedError('a field is cut short');
  }

  #expect(wire: number, expected: number): void {
    if (wire !== expected) throw new MalformedError('a field has another type than OTLP gives it');
  }
}

/** `low` holds 28 bits, `high` up to 42 above them, of which 36 count. */
function signed(low: number, high: number): number {
  if (high < 2 ** 35) return high * 2 ** 28 + low;
  return -((2 ** 36 - 1 - (high % 2 ** 36)) * 2 ** 28 + (2 ** 28 - low));
}
