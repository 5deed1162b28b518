/** Text in columns, at most 100 wide. */

export const widthColumns = 100;

/** Pads each column to its widest cell; what does not fit the line goes on under the last column. */
export function table(rows: readonly (readonly string[])[], indent = 2): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.flatMap((row) => {
    const head = row.slice(0, -1).map((cell, column) => `${cell.padEnd(widths[column]!)}  `);
    const lead = ' '.repeat(indent) + head.join('');
    return wrap(row.at(-1) ?? '', lead, ' '.repeat(Math.min(lead.length, widthColumns / 2)));
  });
}

/** The text's lines: the first begins with `lead`, the others with `hang`. Breaks at spaces; longer words are cut. */
export function wrap(text: string, lead: string, hang: string): string[] {
  const lines: string[] = [];
  let line = lead;
  let empty = true;
  for (const word of text.split(' ').flatMap((each) => pieces(each, widthColumns - hang.length))) {
    if (!empty && line.length + 1 + word.length > widthColumns) {
      lines.push(line);
      line = hang;
      empty = true;
    } else if (empty && line === lead && line.length + word.length > widthColumns && lead.trim() !== '') {
      lines.push(line.trimEnd());
      line = hang;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line].map((each) => each.trimEnd());
}

function pieces(word: string, width: number): string[] {
  if (word.length <= width) return [word];
  return [word.slice(0, width), ...pieces(word.slice(width), width)];
}
