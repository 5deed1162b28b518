/**
 * Values of many rows, encoded one after the other into one buffer as the native protocol has them in a request (version 4,
 * section 3: `[bytes]` and `[value]`). A value costs no object of its own.
 */

const nullLength = -1;
/** Leaves the column as it is. */
const unsetLength = -2;

export class RowBuffer {
  #bytes: Buffer;
  length = 0;

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
  }

  get capacity(): number {
    return this.#bytes.length;
  }

  reset(): void {
    this.length = 0;
  }

  copy(start: number, end: number, into: Buffer, at: number): void {
    this.#bytes.copy(into, at, start, end);
  }

  putNull(): void {
    this.putInt32(nullLength);
  }

  putUnset(): void {
    this.putInt32(unsetLength);
  }

  putText(text: string): void {
    this.#reserve(4 + text.length * 3);
    const written = this.#bytes.write(text, this.length + 4);
    this.#bytes.writeInt32BE(written, this.length);
    this.length += 4 + written;
  }

  putInt(value: number): void {
    this.putInt32(4);
    this.putInt32(value);
  }

  putDouble(value: number): void {
    this.putInt32(8);
    this.#reserve(8);
    this.length = this.#bytes.writeDoubleBE(value, this.length);
  }

  putBoolean(value: boolean): void {
    this.putInt32(1);
    this.#reserve(1);
    this.length = this.#bytes.writeUInt8(value ? 1 : 0, this.length);
  }

  /** A safe integer as 64 bits, without a BigInt. */
  putLong(value: number): void {
    this.putInt32(8);
    const high = Math.floor(value / 0x1_0000_0000);
    this.putInt32(high);
    this.putInt32((value - high * 0x1_0000_0000) | 0);
  }

  putLongDigits(digits: string): void {
    this.putInt32(8);
    this.#reserve(8);
    this.length = this.#bytes.writeBigInt64BE(BigInt(digits), this.length);
  }

  putInt32(value: number): void {
    this.#reserve(4);
    this.length = this.#bytes.writeInt32BE(value, this.length);
  }

  #reserve(bytes: number): void {
    if (this.length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.length + bytes));
    this.#bytes.copy(larger, 0, 0, this.length);
    this.#bytes = larger;
  }
}
