/**
 * Rows of a file as a stream: memory stays at one chunk and one row, whatever the file holds. Two formats: a JSON array of
 * objects, and CSV with a header line (RFC 4180: quoted fields may hold commas, quotes and line ends).
 */
import { createReadStream } from 'node:fs';

/** Column → value as it stands in the file: JSON values, or text of CSV (absent when the cell is empty). */
export type FileRow = Readonly<Record<string, unknown>>;

/** Rejects with Error when the file is missing or malformed; the message names the row (from 0). */
export async function* streamRows(path: string, format: 'json' | 'csv'): AsyncGenerator<FileRow> {
  const split = format === 'json' ? jsonSplitter() : csvSplitter();
  const chunks = createReadStream(path, { encoding: 'utf8', highWaterMark: 64 * 1024 }) as AsyncIterable<string>;
  for await (const chunk of chunks) yield* split.push(chunk);
  yield* split.end();
}

interface Splitter {
  push(chunk: string): FileRow[];
  end(): FileRow[];
}

/** Cuts the array into its objects by depth of braces outside strings; JSON.parse judges each. */
function jsonSplitter(): Splitter {
  let [depth, inString, escaped, rowCount] = [0, false, false, 0];
  let rest = '';
  let closed = false;
  function push(chunk: string): FileRow[] {
    const rows: FileRow[] = [];
    let start = depth > 0 ? 0 : -1;
    for (let i = 0; i < chunk.length; i++) {
      const c = chunk.charCodeAt(i);
      if (inString) {
        if (escaped) escaped = false;
        else if (c === 0x5c) escaped = true;
        else if (c === 0x22) inString = false;
      } else if (c === 0x22) inString = true;
      else if (c === 0x7b && depth++ === 0) start = i;
      else if (c === 0x7d && --depth === 0) {
        rows.push(parseRow(rest + chunk.slice(start, i + 1), rowCount++));
        rest = '';
        start = -1;
      } else if (c === 0x5d && depth === 0) closed = true;
    }
    if (start !== -1) rest += chunk.slice(start);
    return rows;
  }
  return {
    push,
    end() {
      if (!closed) throw new Error(`the array is not closed after row ${rowCount}`);
      return [];
    },
  };
}

function parseRow(text: string, index: number): FileRow {
  try {
    return JSON.parse(text) as FileRow;
  } catch (error) {
    throw new Error(`row ${index} is not JSON: ${(error as Error).message}`);
  }
}

function csvSplitter(): Splitter {
  let header: readonly string[] | undefined;
  let [cells, cell, quoted, wasQuoted, rowCount] = [[] as string[], '', false, false, 0];
  let quoteBefore = false;

  function endRow(rows: FileRow[]): void {
    cells.push(cell);
    const isBlank = cells.length === 1 && cell === '' && !wasQuoted;
    if (!isBlank && header === undefined) header = cells;
    else if (!isBlank) rows.push(rowOf(header!, cells, rowCount++));
    [cells, cell, wasQuoted] = [[], '', false];
  }
  function push(chunk: string): FileRow[] {
    const rows: FileRow[] = [];
    for (const c of chunk) {
      if (quoted && c !== '"') cell += c;
      else if (quoted) [quoted, quoteBefore] = [false, true];
      else if (c === '"' && quoteBefore) [cell, quoted, quoteBefore] = [`${cell}"`, true, false];
      else if (c === '"' && cell === '' && !wasQuoted) [quoted, wasQuoted] = [true, true];
      else {
        quoteBefore = false;
        if (c === ',') {
          cells.push(cell);
          [cell, wasQuoted] = ['', false];
        } else if (c === '\n') endRow(rows);
        else if (c !== '\r' && c !== '\ufeff') cell += c;
      }
    }
    return rows;
  }
  return {
    push,
    end() {
      if (quoted) throw new Error(`a quoted field is not closed after row ${rowCount}`);
      const rows: FileRow[] = [];
      if (cell !== '' || cells.length > 0) endRow(rows);
      return rows;
    },
  };
}

function rowOf(header: readonly string[], cells: readonly string[], index: number): FileRow {
  if (cells.length !== header.length)
    throw new Error(`row ${index} has ${cells.length} cells, the header ${header.length}`);
  const row: Record<string, unknown> = {};
  for (const [column, name] of header.entries()) if (cells[column] !== '') row[name] = cells[column];
  return row;
}
