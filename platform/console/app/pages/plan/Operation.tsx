/** One operation, live: phases and steps with times, reasons and retries. */
import { useState } from 'react';
import type { OperationView } from '../../../../api/contract/control.ts';
import { useQuery } from '../../api/useQuery.ts';
import { plural } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import type { PageProps } from '../../pages.ts';
import { useNow } from '../../shell/context.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { Answer } from '../../ui/Answer.tsx';
import { External } from '../../ui/External.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { PageHead } from '../../ui/PageHead.tsx';
import { Empty } from '../../ui/states.tsx';
import { Time } from '../../ui/Time.tsx';
import { CancelDialog } from './CancelDialog.tsx';
import { OperationBadge } from './OperationBadge.tsx';
import { Phases } from './Phases.tsx';
import { Removal } from './Removal.tsx';
import { progressOf, stepInFocus, timeline } from './timeline.ts';
import './plan.css';

export function Operation({ params }: PageProps) {
  const id = params.operation ?? '';
  const [ended, setEnded] = useState(false);
  const found = useQuery(
    'operation',
    { params: { operation: id } },
    { when: ({ type }) => type.startsWith('millrace.operation'), ...(ended ? {} : { everyMs: 3000 }) },
  );
  const operation = found.data;
  if (operation !== undefined && (operation.endMs !== null) !== ended) setEnded(operation.endMs !== null);
  return (
    <>
      <PageHead
        title={operation === undefined ? 'Operation' : `${operation.kind} ${operation.pipeline}`}
        up={{ href: hrefOf('/operations'), text: 'Operations' }}
        beside={operation && <OperationBadge state={operation.state} />}
      >
        {operation && <Actions operation={operation} onChanged={found.reload} />}
      </PageHead>
      {operation === undefined && found.failure?.status === 404 ? (
        <Empty title="This operation is not known yet">
          <p>
            It is as soon as its plan is recorded; the page looks again by itself. If nothing comes, it is none of the{' '}
            <a href={hrefOf('/operations')}>operations</a> there are.
          </p>
        </Empty>
      ) : (
        <Answer of={found}>{(each) => <View operation={each} />}</Answer>
      )}
    </>
  );
}

function Actions({ operation, onChanged }: { readonly operation: OperationView; readonly onChanged: () => void }) {
  const [asking, setAsking] = useState(false);
  const { traceId, workflowUrl, kind, state, pipeline } = operation;
  const isGone = kind === 'destroy' && state === 'done';
  return (
    <>
      {traceId !== null && <a href={hrefOf(`/traces/${segment(traceId)}`)}>Its trace</a>}
      {workflowUrl !== null && <External href={workflowUrl}>Its workflow in Temporal</External>}
      {(kind === 'deploy' || kind === 'scale') && state === 'running' && (
        <button type="button" onClick={() => setAsking(true)}>
          Cancel the {kind}
        </button>
      )}
      {!isGone && (
        <a className={state === 'done' ? 'button primary' : 'button'} href={hrefOf(`/pipelines/${segment(pipeline)}`)}>
          Open the pipeline
        </a>
      )}
      <CancelDialog operation={asking ? operation : null} onClose={() => setAsking(false)} onDone={onChanged} />
    </>
  );
}

function View({ operation }: { readonly operation: OperationView }) {
  const nowMs = useNow();
  const { done, total, retries, durationMs } = progressOf(operation, nowMs);
  const focus = operation.state === 'running' ? stepInFocus(operation.steps) : undefined;
  return (
    <div className="stack">
      {operation.error !== null && <Fault error={operation.error} />}
      {operation.ledger !== null && <Removal ledger={operation.ledger} />}
      <section className="card plan-progress" aria-label="Progress">
        <p aria-live="polite">
          <strong>
            {done} of {plural(total, 'step')} done
          </strong>{' '}
          <span className="muted">
            {operation.endMs === null ? 'for' : 'in'} {formatDuration(durationMs)}
            {retries > 0 && `, ${plural(retries, 'retry', 'retries')}`} · started <Time atMs={operation.startMs} />
          </span>
        </p>
        <div className="plan-track" aria-hidden="true">
          <span className={operation.state} style={{ width: `${total === 0 ? 0 : (done / total) * 100}%` }} />
        </div>
        {focus !== undefined && (
          <p className="plan-focus">
            Now: {focus.title}
            {focus.reason !== null && <span className="muted"> – {focus.reason}</span>}
          </p>
        )}
      </section>
      {total === 0 ? (
        <Empty title="No steps yet">
          <p>The plan is being made.</p>
        </Empty>
      ) : (
        <Phases phases={timeline(operation, nowMs)} />
      )}
    </div>
  );
}

function Fault({ error }: { readonly error: NonNullable<OperationView['error']> }) {
  return (
    <div className="failure" role="alert">
      <Icon name="warning" />
      <div>
        <p>
          <strong>{error.message}</strong> <code>{error.code}</code>
        </p>
        <p>{error.meaning}</p>
        <p>
          <span className="muted">Next:</span> {error.next}
        </p>
      </div>
    </div>
  );
}
