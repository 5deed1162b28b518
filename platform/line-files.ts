/** Files of lines that are only ever appended to: what is appended is there whole, or not at all. */
import { ftruncateSync, writeFileSync } from 'node:fs';

/**
 * Appends `text` to a file that was opened with `a` and ends at `endBytes`; answers where it ends now. Throws what the system
 * throws: then the file ends where it did, unless that could not be done either. (A disk that is almost full takes a part of a
 * write without an error; the next line would be glued to that part.)
 */
export function appendWhole(fd: number, text: string, endBytes: number): number {
  const bytes = Buffer.from(text);
  try {
    // As often as it takes, unlike `writeSync`.
    writeFileSync(fd, bytes);
  } catch (thrown) {
    ftruncateSync(fd, endBytes);
    throw thrown;
  }
  return endBytes + bytes.length;
}
