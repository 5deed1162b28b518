/** Reads any message of protocol buffers without knowing its type: fields by number, in no order. */
export interface WireField {
  readonly number: number;
  readonly type: number;
  /** Hexadecimal. */
  readonly bytes: string;
}

/** Throws when `bytes` are no message. */
export function readWire(bytes: Uint8Array): readonly WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('cut off');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const [number, type] = [tag >> 3, tag & 7];
    const from = at;
    let value: Uint8Array;
    if (type === 0) {
      varint();
      value = bytes.subarray(from, at);
    } else {
      const length = type === 1 ? 8 : type === 2 ? Number(varint()) : Number.NaN;
      if (!(at + length <= bytes.length)) throw new Error('no message');
      value = bytes.subarray(at, at + length);
      at += length;
    }
    fields.push({ number, type, bytes: Buffer.from(value).toString('hex') });
  }
  return fields;
}

/** The message that a field holds, by the numbers that lead there; of several the first. */
export function within(bytes: Uint8Array, ...path: readonly number[]): Uint8Array {
  return path.reduce((inner, number) => {
    const field = readWire(inner).find((each) => each.number === number);
    if (field === undefined) throw new Error(`no field ${number}`);
    return Buffer.from(field.bytes, 'hex');
  }, bytes);
}

export function sorted(fields: readonly WireField[]): readonly WireField[] {
  return [...fields].sort((one, other) => one.number - other.number || (one.bytes < other.bytes ? -1 : 1));
}
