import { useId } from 'react';
import type { ParameterInfo } from '../../../../api/contract/control.ts';
import { rangeText } from './form.ts';

interface FieldProps {
  readonly parameter: ParameterInfo;
  readonly value: string;
  readonly fault: string | undefined;
  readonly onChange: (value: string) => void;
}

export function ParameterField({ parameter, value, fault, onChange }: FieldProps) {
  const id = useId();
  const { name, doc, type, values } = parameter;
  const choices = values ?? (type === 'boolean' ? ['true', 'false'] : null);
  const aria = { 'aria-invalid': fault !== undefined, 'aria-describedby': `${id}-doc` } as const;
  return (
    <div className="field parameter">
      <label htmlFor={id} className="mono">
        {name}
        {value.trim() !== String(parameter.default) && <span className="changed">changed</span>}
      </label>
      {choices !== null ? (
        <select id={id} value={value} {...aria} onChange={(event) => onChange(event.target.value)}>
          {choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : (
        <input
          id={id}
          value={value}
          inputMode={type === 'integer' ? 'numeric' : type === 'number' ? 'decimal' : 'text'}
          autoComplete="off"
          spellCheck={false}
          {...aria}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
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
    </div>
  );
}

/** Blueprints' words may end without a full stop. */
function sentence(words: string): string {
  return /[.!?]$/.test(words) ? words : `${words}.`;
}
