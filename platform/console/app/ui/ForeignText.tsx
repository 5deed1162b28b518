/** Text of strangers: payloads, names, log lines. Text nodes only; what hides or turns text around is marked (format/visibleText.ts). */
import { useMemo, useState } from 'react';
import { formatExact } from '../format/numbers.ts';
import { type Piece, visibleLine, visibleText } from '../format/visibleText.ts';
import { Scroll } from './Scroll.tsx';
import './foreign.css';

/** In one line; `maxCharacters` are shown. */
export function ForeignLine({ text, maxCharacters = 300 }: { readonly text: string; readonly maxCharacters?: number }) {
  const pieces = useMemo(() => visibleLine(text, maxCharacters), [text, maxCharacters]);
  return <bdi className="foreign">{show(pieces)}</bdi>;
}

const stepCharacters = 2000;

/** With its line breaks. What is cut can be shown, step by step. */
export function ForeignBlock({ text, label }: { readonly text: string; readonly label: string }) {
  const [steps, setSteps] = useState(1);
  const pieces = useMemo(
    () => visibleText(text, { maxLineCharacters: steps * stepCharacters, maxLines: steps * 500 }),
    [text, steps],
  );
  const isCut = pieces.some(({ kind }) => kind === 'cut');
  return (
    <div className="foreign-block">
      <Scroll label={label}>
        <bdi>{show(pieces)}</bdi>
      </Scroll>
      {isCut && (
        <button type="button" onClick={() => setSteps(steps * 10)}>
          Show more of it
        </button>
      )}
    </div>
  );
}

function show(pieces: readonly Piece[]) {
  return pieces.map((piece, index) => {
    const key = `${index}`;
    if (piece.kind === 'text') return <span key={key}>{piece.text}</span>;
    if (piece.kind === 'cut') {
      return (
        <span key={key} className="foreign-cut">
          … {formatExact(piece.characters)} more characters
        </span>
      );
    }
    return (
      <span key={key} className="foreign-mark" title={piece.title}>
        {piece.text}
      </span>
    );
  });
}
