import { useEffect, useRef } from 'react';
import type { PlanPreview } from '../../../../api/contract/control.ts';
import { plural, unknownText } from '../../format/numbers.ts';
import { Scroll } from '../../ui/Scroll.tsx';
import { Badge, type Tone } from '../../ui/StateBadge.tsx';
import { Table } from '../../ui/Table.tsx';
import { type PlanView, planOf, type ReasonNode, type RefusalView, refusalOf } from './refusal.ts';

interface PreviewProps {
  readonly preview: PlanPreview;
  /** The form still says what was previewed. */
  readonly isCurrent: boolean;
  readonly busy: boolean;
  readonly onDeploy: () => void;
}

export function Preview({ preview, isCurrent, busy, onDeploy }: PreviewProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  // The form is longer than the window: whoever asked at its end is led to the answer at the top.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each preview is an answer of its own
  useEffect(() => heading.current?.focus(), [preview]);
  const refusal = preview.refused ? refusalOf(preview.plan) : undefined;
  return (
    <>
      <section className="card" aria-labelledby="preview-title">
        <header>
          <h2 id="preview-title" ref={heading} tabIndex={-1}>
            {preview.refused ? 'This can’t be deployed' : 'The plan'}
          </h2>
          {!preview.refused && (
            <button type="button" className="primary" disabled={!isCurrent || busy} onClick={onDeploy}>
              {busy ? 'Starting …' : 'Deploy'}
            </button>
          )}
        </header>
        <div className="card-body stack">
          {!isCurrent && <p className="muted">The values have changed since: preview the plan again.</p>}
          {refusal !== undefined ? <RefusalTree refusal={refusal} /> : <PlanParts plan={planOf(preview.plan)} />}
        </div>
      </section>
      <details className="card plan-text">
        <summary>As the command line prints it</summary>
        <Scroll label="Plan as text">{preview.text}</Scroll>
      </details>
    </>
  );
}

function RefusalTree({ refusal }: { readonly refusal: RefusalView }) {
  return (
    <>
      <p className="lead">{refusal.summary}</p>
      <ul className="reasons">
        <Reason node={refusal.reason} />
      </ul>
      {refusal.help !== '' && (
        <p>
          <strong>What would help:</strong> {refusal.help}
        </p>
      )}
    </>
  );
}

function Reason({ node }: { readonly node: ReasonNode }) {
  return (
    <li>
      <span className={node.ok ? 'reason-ok' : 'reason-fault'}>
        <span aria-hidden="true">{node.ok ? '✓' : '✕'}</span>
        <span className="sr-only">{node.ok ? 'fits: ' : 'does not fit: '}</span> {node.text}
      </span>
      {node.children.length > 0 && (
        <ul>
          {node.children.map((child) => (
            <Reason key={child.text} node={child} />
          ))}
        </ul>
      )}
    </li>
  );
}

const buckets: Readonly<Record<string, readonly [string, Tone]>> = {
  install: ['new', 'good'],
  keep: ['keep', 'calm'],
  updateInPlace: ['update', 'busy'],
  replace: ['replace', 'warn'],
  remove: ['remove', 'bad'],
};
/** Changes before what stays; within each, as planned. */
function changesFirst(changes: PlanView['changes']): PlanView['changes'] {
  return [...changes.filter(({ bucket }) => bucket !== 'keep'), ...changes.filter(({ bucket }) => bucket === 'keep')];
}
const effects: Readonly<Record<string, Tone>> = { create: 'good', keep: 'calm', rebuild: 'warn', delete: 'bad' };

/** What is not named here stays as it is. */
function ParameterTable({ parameters }: Pick<PlanView, 'parameters'>) {
  if (parameters.length === 0) return null;
  return (
    <>
      <h3>Parameters that change</h3>
      <Table
        label="Parameters that change"
        rows={parameters}
        rowKey={({ name }) => name}
        columns={[
          { id: 'name', title: 'Parameter', cell: ({ name }) => <span className="mono">{name}</span> },
          { id: 'from', title: 'Now', cell: ({ from }) => from ?? unknownText },
          {
            id: 'to',
            title: 'New',
            cell: ({ to, toDefault }) => (
              <>
                {to ?? 'the blueprint has it no more'}{' '}
                {toDefault && <span className="muted">the blueprint’s default</span>}
              </>
            ),
          },
        ]}
      />
    </>
  );
}

function PlanParts({ plan }: { readonly plan: PlanView }) {
  const steps = plan.phases.reduce((sum, phase) => sum + phase.steps.length, 0);
  return (
    <>
      <p className="lead">
        {plan.pipeline}, revision {plan.revision ?? '–'}: {plural(steps, 'step')} in{' '}
        {plural(plan.phases.length, 'phase')}
      </p>
      <ParameterTable parameters={plan.parameters} />
      <h3>What happens to data</h3>
      {plan.data.length === 0 ? (
        <p className="muted">Nothing.</p>
      ) : (
        <Table
          label="What happens to data"
          rows={plan.data}
          rowKey={({ kind, name, effect }) => `${kind} ${name} ${effect}`}
          columns={[
            {
              id: 'effect',
              title: 'Effect',
              cell: ({ effect }) => <Badge tone={effects[effect] ?? 'off'}>{effect}</Badge>,
            },
            { id: 'what', title: 'What', cell: ({ kind, name }) => `${kind} ${name}` },
            { id: 'text', title: 'How', cell: ({ text }) => text },
          ]}
        />
      )}
      <h3>Parts</h3>
      <Table
        label="Parts of the pipeline"
        rows={changesFirst(plan.changes)}
        rowKey={({ kind, name }) => `${kind} ${name}`}
        columns={[
          {
            id: 'bucket',
            title: 'Change',
            cell: ({ bucket }) => {
              const [word, tone] = buckets[bucket] ?? [bucket, 'off'];
              return <Badge tone={tone}>{word}</Badge>;
            },
          },
          { id: 'kind', title: 'Kind', sortBy: ({ kind }) => kind, cell: ({ kind }) => kind },
          { id: 'name', title: 'Name', sortBy: ({ name }) => name, cell: ({ name }) => name },
          { id: 'why', title: 'Why', cell: ({ why }) => why },
        ]}
      />
      <h3>Phases</h3>
      <ol className="plan-phases">
        {plan.phases.map((phase) => (
          <li key={phase.name}>
            <strong>{phase.name}</strong> <span className="muted">{phase.steps.join(' · ')}</span>
          </li>
        ))}
      </ol>
    </>
  );
}
