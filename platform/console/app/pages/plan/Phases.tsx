import { formatDuration } from '../../format/times.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { Badge, type Tone, toneOf } from '../../ui/StateBadge.tsx';
import type { TimelinePhase, TimelineStep } from './timeline.ts';

export function Phases({ phases }: { readonly phases: readonly TimelinePhase[] }) {
  return (
    <ol className="phases">
      {phases.map((phase) => (
        <li key={phase.name} className="card">
          <header>
            <h2>{phase.name}</h2>
            <span className="row-actions">
              <span className="muted">
                {phase.done} of {phase.steps.length}
              </span>
              <StepBadge state={phase.state} />
            </span>
          </header>
          <table aria-label={`Steps of phase ${phase.name}`}>
            <colgroup>
              <col className="step-title" />
              <col className="step-state" />
              <col />
              <col className="step-took" />
              <col className="step-logs" />
            </colgroup>
            <thead className="sr-only">
              <tr>
                <th scope="col">Step</th>
                <th scope="col">State</th>
                <th scope="col">When</th>
                <th scope="col">Duration</th>
                <th scope="col">Logs</th>
              </tr>
            </thead>
            <tbody>
              {phase.steps.map((each) => (
                <Step key={each.step.id} each={each} />
              ))}
            </tbody>
          </table>
        </li>
      ))}
    </ol>
  );
}

function Step({ each }: { readonly each: TimelineStep }) {
  const { step, bar, durationMs } = each;
  return (
    <tr>
      <td>
        {step.title}
        {step.reason !== null && (
          <div className={step.state === 'failed' ? 'sub step-failed' : 'sub'}>{step.reason}</div>
        )}
      </td>
      <td>
        <StepBadge state={step.state} />
        {step.attempts > 1 && <div className="sub">attempt {step.attempts}</div>}
      </td>
      <td className="step-bar">
        {bar !== null && (
          <span
            className={stepTone(step.state)}
            aria-hidden="true"
            style={{ left: `${bar.leftPercent}%`, width: `${bar.widthPercent}%` }}
          />
        )}
      </td>
      <td className="numeric">{formatDuration(durationMs)}</td>
      <td>
        {step.task !== null && (
          <a href={hrefOf(`/logs/${segment(step.task)}`)}>
            Logs<span className="sr-only"> of {step.task}</span>
          </a>
        )}
      </td>
    </tr>
  );
}

/** What runs is busy: it is good only when it is done. */
function stepTone(state: string): Tone {
  return state === 'running' ? 'busy' : toneOf(state);
}

function StepBadge({ state }: { readonly state: string }) {
  return <Badge tone={stepTone(state)}>{state}</Badge>;
}
