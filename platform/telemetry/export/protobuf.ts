/**
 * Protocol buffers' wire format (https://protobuf.dev/programming-guides/encoding/) for messages that are given as objects in their
 * JSON form: 64-bit integers as decimal text, bytes as hexadecimal text (as OTLP's JSON has trace ids). Fields that are
 * undefined are left out.
 */
export type FieldType =
  | 'string'
  | 'bool'
  | 'enum'
  | 'sint32'
  | 'int64'
  | 'uint64'
  | 'fixed64'
  | 'sfixed64'
  | 'double'
  | 'hex';

/** Number and type of each field: a scalar, or the message that it holds. An array is a repeated field, of numbers packed. */
export interface MessageType {
  readonly [field: string]: readonly [number: number, type: FieldType | (() => MessageType)];
}

export function encodeMessage(type: MessageType, message: object): Uint8Array {
  const writer = new Writer();
  writeMessage(writer, type, message);
  return writer.bytes();
}

function writeMessage(writer: Writer, type: MessageType, message: object): void {
  for (const [name, value] of Object.entries(message)) {
    const field = type[name];
    if (field === undefined) throw new Error(`the message has no field ${name}`);
    if (value === undefined) continue;
    const [number, kind] = field;
    if (!Array.isArray(value)) writeField(writer, number, kind, value);
    else if (typeof kind === 'function' || kind === 'string' || kind === 'hex') {
      for (const each of value) writeField(writer, number, kind, each);
    } else if (value.length > 0) {
      writer.nested(number, (inner) => {
        for (const each of value) writeScalar(inner, kind, each);
      });
    }
  }
}

function writeField(writer: Writer, number: number, kind: FieldType | (() => MessageType), value: unknown): void {
  if (typeof kind === 'function') {
    writer.nested(number, (inner) => writeMessage(inner, kind(), value as object));
  } else if (kind === 'string' || kind === 'hex') {
    writer.nested(number, (inner) => inner.raw(Buffer.from(String(value), kind === 'hex' ? 'hex' : 'utf8')));
  } else {
    writer.varint(BigInt((number << 3) | (isFixed(kind) ? 1 : 0)));
    writeScalar(writer, kind, value);
  }
}

function isFixed(kind: FieldType): boolean {
  return kind === 'fixed64' || kind === 'sfixed64' || kind === 'double';
}

function writeScalar(writer: Writer, kind: FieldType, value: unknown): void {
  if (kind === 'double') writer.double(Number(value));
  else if (kind === 'bool') writer.varint(value === true ? 1n : 0n);
  else if (isFixed(kind)) writer.fixed64(BigInt(value as string | number));
  else if (kind === 'sint32') writer.varint(zigzag(BigInt(value as string | number)));
  else writer.varint(BigInt.asUintN(64, BigInt(value as string | number)));
}

/** Small numbers of either sign stay short. */
function zigzag(value: bigint): bigint {
  return BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
}

class Writer {
  readonly #parts: Uint8Array[] = [];

  raw(bytes: Uint8Array): void {
    this.#parts.push(bytes);
  }

  varint(value: bigint): void {
    const bytes: number[] = [];
    let rest = value;
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
    this.raw(Uint8Array.from(bytes));
  }

  fixed64(value: bigint): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
    this.raw(bytes);
  }

  double(value: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    this.raw(bytes);
  }

  nested(number: number, write: (inner: Writer) => void): void {
    const inner = new Writer();
    write(inner);
    const bytes = inner.bytes();
    this.varint(BigInt((number << 3) | 2));
    this.varint(BigInt(bytes.length));
    this.raw(bytes);
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}
