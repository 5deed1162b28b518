import { type RefObject, useId, useRef } from 'react';
import type { ParameterInfo } from '../../../../api/contract/control.ts';
import { type FieldMarks, rangeText } from './form.ts';

interface FieldProps {
  readonly parameter: ParameterInfo;
  readonly value: string;
  readonly marks: FieldMarks;
  readonly fault: string | undefined;
  readonly onChange: (value: string) => void;
}

export function ParameterField({ parameter, value, marks, fault, onChange }: FieldProps) {
  const id = useId();
  const field = useRef<HTMLInputElement & HTMLSelectElement>(null);
  const { name, doc } = parameter;
  const aria = { 'aria-invalid': fault !== undefined, 'aria-describedby': `${id}-doc` } as const;
  const put = (text: string) => {
    onChange(text);
    // The button that did it is gone.
    field.current?.focus();
  };
  return (
    <div className="field parameter">
      <label htmlFor={id} className="mono">
        {name}
        {marks.changed && <span className="changed">changed</span>}
        {marks.offDefault && <span className="off-default">not the default</span>}
      </label>
      <Control field={field} id={id} parameter={parameter} value={value} aria={aria} onChange={onChange} />
      <div id={`${id}-doc`}>
        {fault !== undefined && (
          <p className="fault" role="alert">
            {fault}
          </p>
        )}
        <p className="sub">
          {sentence(doc)} {fault === undefined && <span>Accepts {rangeText(parameter)}.</span>}
        </p>
      </div>
      {(marks.offDefault || marks.present !== undefined) && (
        <p className="ways-back">
          {marks.present !== undefined && <Back title="Present value" of={name} to={marks.present} onPut={put} />}
          {marks.offDefault && (
            <Back title="Blueprint’s default" of={name} to={String(parameter.default)} onPut={put} />
          )}
        </p>
      )}
    </div>
  );
}

function Control(props: {
  readonly field: RefObject<(HTMLInputElement & HTMLSelectElement) | null>;
  readonly id: string;
  readonly parameter: ParameterInfo;
  readonly value: string;
  readonly aria: { readonly 'aria-invalid': boolean; readonly 'aria-describedby': string };
  readonly onChange: (value: string) => void;
}) {
  const { field, id, parameter, value, aria, onChange } = props;
  const { type, values } = parameter;
  const offered = values ?? (type === 'boolean' ? ['true', 'false'] : null);
  if (offered === null)
    return (
      <input
        ref={field}
        id={id}
        value={value}
        inputMode={type === 'integer' ? 'numeric' : type === 'number' ? 'decimal' : 'text'}
        autoComplete="off"
        spellCheck={false}
        {...aria}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  // What the pipeline has may not be offered any more: it is shown, with its fault, and not another in its place.
  const choices = offered.includes(value) ? offered : [value, ...offered];
  return (
    <select ref={field} id={id} value={value} {...aria} onChange={(event) => onChange(event.target.value)}>
      {choices.map((choice) => (
        <option key={choice}>{choice}</option>
      ))}
    </select>
  );
}

function Back(props: {
  readonly title: string;
  readonly of: string;
  readonly to: string;
  readonly onPut: (value: string) => void;
}) {
  const { title, of, to, onPut } = props;
  return (
    <button type="button" className="quiet" onClick={() => onPut(to)}>
      {title}: <span className="mono">{to === '' ? 'empty' : to}</span>
      <span className="sr-only">, for {of}</span>
    </button>
  );
}

/** Blueprints' words may end without a full stop. */
function sentence(words: string): string {
  return /[.!?]$/.test(words) ? words : `${words}.`;
}
