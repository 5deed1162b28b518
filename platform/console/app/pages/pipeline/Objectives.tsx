import type { Alert, ObjectiveStatus } from '../../../../api/contract/pipelines.ts';
import { useQuery } from '../../api/useQuery.ts';
import { formatPercent, threeDigits, unknownText } from '../../format/numbers.ts';
import { ForeignLine } from '../../ui/ForeignText.tsx';
import { Badge, StateBadge } from '../../ui/StateBadge.tsx';
import { FailureView, Loading } from '../../ui/states.tsx';
import { Age, Time } from '../../ui/Time.tsx';
import { alertsAt } from './time/alertsAt.ts';
import { OfNow } from './time/OfNow.tsx';

/** What is asked of the pipeline, how much of it was reached, and the alerts about it; of the past the alerts alone are kept. */
export function Objectives(props: { readonly pipeline: string; readonly atMs: number | undefined }) {
  const { pipeline, atMs } = props;
  const objectives = useQuery('objectives', { params: { pipeline } }, { everyMs: 15_000 });
  const alerts = useQuery('alerts', {}, { everyMs: 30_000, when: ({ type }) => type.startsWith('millrace.alert') });
  const own = alertsAt(alerts.data?.filter((alert) => alert.pipeline === pipeline) ?? [], atMs);
  return (
    <section className="card" aria-labelledby="objectives-title">
      <header>
        <h2 id="objectives-title">Objectives and alerts</h2>
        <OfNow atMs={atMs} />
      </header>
      <div className="card-body stack">
        {objectives.data !== undefined ? (
          objectives.data.length === 0 ? (
            <p className="muted">The blueprint sets no objective.</p>
          ) : (
            objectives.data.map((objective) => <Objective key={objective.name} objective={objective} />)
          )
        ) : objectives.failure !== undefined ? (
          <FailureView failure={objectives.failure} onRetry={objectives.reload} />
        ) : (
          <Loading />
        )}
        {alerts.failure !== undefined && alerts.data === undefined && (
          <FailureView failure={alerts.failure} onRetry={alerts.reload} />
        )}
        {atMs !== undefined && (
          <p className="muted">
            {own.length === 0 ? 'No alert that is still listed' : 'What is below'} was firing at <Time atMs={atMs} />.
          </p>
        )}
        {own.map((alert) => (
          <AlertView key={alert.id} alert={alert} />
        ))}
      </div>
    </section>
  );
}

function Objective({ objective }: { readonly objective: ObjectiveStatus }) {
  const { name, target, reached, burnRates, text } = objective;
  const met = reached === null ? undefined : reached >= target;
  return (
    <div className="objective">
      <div>
        <h3>{name}</h3>
        <p className="muted">{text}</p>
      </div>
      <dl className="measures">
        <div>
          <dt>Reached</dt>
          <dd>
            {formatPercent(reached, 3)}{' '}
            {met !== undefined && <Badge tone={met ? 'good' : 'bad'}>{met ? 'met' : 'missed'}</Badge>}
          </dd>
        </div>
        <div>
          <dt>Asked</dt>
          <dd>{formatPercent(target, 3)}</dd>
        </div>
        {Object.entries(burnRates).map(([window, rate]) => (
          <div key={window} title="How many times faster than allowed the error budget is used">
            <dt>Burn {window}</dt>
            <dd className={(rate ?? 0) > 1 ? 'bad tone-text' : undefined}>
              {rate === null ? unknownText : `${threeDigits(rate)} ×`}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function AlertView({ alert }: { readonly alert: Alert }) {
  const { name, state, severity, text, next, sinceMs, resolvedMs, delivery, refusal } = alert;
  return (
    <div className="alert">
      <p>
        <StateBadge state={state} /> <strong>{name}</strong> <span className="muted">{severity}, since </span>
        <span className="muted">
          <Age atMs={sinceMs} />
          {state === 'firing' && resolvedMs !== null && (
            <>
              , resolved <Age atMs={resolvedMs} />
            </>
          )}
          {delivery !== null && `, webhook: ${delivery}`}
          {refusal !== null && (
            <>
              {' '}
              (<ForeignLine text={refusal.reason} maxCharacters={300} />)
            </>
          )}
        </span>
      </p>
      <p>{text}</p>
      <p>
        <span className="muted">Next:</span> {next}
      </p>
    </div>
  );
}
