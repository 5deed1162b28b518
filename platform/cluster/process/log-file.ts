/** A task's log: one file that the task appends to, older parts beside it as `.1` (newest) to `.3`. */
import {
  appendFileSync,
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  truncateSync,
} from 'node:fs';

export const logKeptFiles = 3;
export const logMaxBytes = 16 * 1024 * 1024;
const blockBytes = 64 * 1024;
/** Longest answer of `tailLog`. */
const tailMaxBytes = 8 * 1024 * 1024;

/**
 * Copies the log aside and empties it once it has reached `maxBytes`: the task keeps its open file, whose O_APPEND mode
 * makes it go on at the new end. Lines written between the last copy and the truncation, a matter of microseconds, are lost.
 */
export function rotateLog(file: string, maxBytes: number = logMaxBytes): boolean {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size < maxBytes) return false;
  for (let number = logKeptFiles - 1; number >= 1; number -= 1) {
    if (existsSync(`${file}.${number}`)) renameSync(`${file}.${number}`, `${file}.${number + 1}`);
  }
  const copy = `${file}.1`;
  copyFileSync(file, copy, constants.COPYFILE_FICLONE);
  chmodSync(copy, 0o600);
  appendRest(file, copy);
  truncateSync(file);
  return true;
}

/** Brings over what was written while the copy was made. */
function appendRest(file: string, copy: string): void {
  const fd = openSync(file, 'r');
  const block = Buffer.alloc(blockBytes);
  try {
    let at = statSync(copy).size;
    for (let read = readSync(fd, block, 0, blockBytes, at); read > 0; read = readSync(fd, block, 0, blockBytes, at)) {
      appendFileSync(copy, block.subarray(0, read));
      at += read;
    }
  } finally {
    closeSync(fd);
  }
}

/** The newest `lines` lines, oldest first, through the rotated files where the newest has too few. No file: empty. */
export function tailLog(file: string, lines: number): string {
  if (lines <= 0) return '';
  const parts: Buffer[] = [];
  let [breaks, bytes] = [0, 0];
  for (const name of [file, ...Array.from({ length: logKeptFiles }, (_, index) => `${file}.${index + 1}`)]) {
    for (const block of blocksBackwards(name)) {
      parts.unshift(block);
      bytes += block.length;
      for (const byte of block) if (byte === 10) breaks += 1;
      // One more than asked for: the newest line ends with a break, too.
      if (breaks > lines || bytes >= tailMaxBytes) return lastLines(parts, lines);
    }
  }
  return lastLines(parts, lines);
}

function lastLines(parts: readonly Buffer[], lines: number): string {
  const text = Buffer.concat(parts).toString('utf8');
  const all = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
  return all.slice(-lines).join('\n');
}

function* blocksBackwards(file: string): Generator<Buffer> {
  if (!existsSync(file)) return;
  const fd = openSync(file, 'r');
  try {
    for (let end = fstatSync(fd).size; end > 0; ) {
      const start = Math.max(0, end - blockBytes);
      const block = Buffer.alloc(end - start);
      yield block.subarray(0, readSync(fd, block, 0, block.length, start));
      end = start;
    }
  } finally {
    closeSync(fd);
  }
}
