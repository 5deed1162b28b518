/** The alerts that are known, in memory and on disk alike: a change is on disk before anybody hears of it. */
import type { Alert, AlertFacts } from '../api/contract/pipelines.ts';
import type { Home } from '../home.ts';
import { inOrder, readAlerts, writeAlerts } from './alertFile.ts';

type AlertState = Pick<Alert, 'id' | 'state'>;

export class AlertStore {
  readonly #home: Home;
  readonly #changed: (alert: Alert) => void;
  #alerts: readonly Alert[];

  /** Throws CORRUPT_STATE, FOREIGN_STATE, STATE_UNAVAILABLE. */
  constructor(home: Home, changed: (alert: Alert) => void) {
    this.#home = home;
    this.#changed = changed;
    this.#alerts = readAlerts(home);
  }

  all(): readonly Alert[] {
    return this.#alerts;
  }

  find(id: string): Alert | undefined {
    return this.#alerts.find((alert) => alert.id === id);
  }

  firingOf(pipeline: string): readonly Alert[] {
    return this.#alerts.filter((alert) => alert.pipeline === pipeline && alert.state === 'firing');
  }

  /** Those that the webhook has still to take. */
  queued(): readonly Alert[] {
    return this.#alerts.filter(({ delivery }) => delivery === 'queued');
  }

  /**
   * An alert begins, or ends. `isWanted`: there is a webhook to tell of it. Throws STATE_UNAVAILABLE, as all that follow; then
   * nothing has changed.
   */
  tell(facts: AlertFacts, isWanted: boolean): Alert {
    const told = this.find(facts.id)?.told ?? null;
    const delivery = isWanted ? 'queued' : null;
    return this.#put({ ...facts, delivery, refusal: null, rounds: isWanted ? 1 : 0, told });
  }

  /** It is to be told in a round of its own: a job of an earlier one has come to its end. */
  queueAgain(alert: Alert): void {
    this.#put({ ...alert, delivery: 'queued', rounds: alert.rounds + 1 });
  }

  /** The webhook (by its `sinceMs`; null: not known which) took one state of it, which may be over by now. */
  taken({ id, state }: AlertState, atMs: number, webhookSinceMs: number | null): void {
    const alert = this.find(id);
    if (alert === undefined) return;
    const told = { state, atMs, webhookSinceMs };
    if (alert.state === state) this.#put({ ...alert, delivery: 'delivered', refusal: null, told });
    // Its end may have been told already.
    else if (alert.state === 'resolved' && alert.told === null) this.#put({ ...alert, told });
  }

  /** An attempt has failed; of a state that is over by now, nobody needs to know. */
  refused(state: AlertState, reason: string, atMs: number): void {
    const alert = this.#inHand(state);
    if (alert !== undefined) this.#put({ ...alert, refusal: { reason, atMs } });
  }

  /** No further attempt in this round. */
  givenUp(state: AlertState, reason: string, atMs: number): void {
    const alert = this.#inHand(state);
    if (alert !== undefined) this.#put({ ...alert, delivery: 'failed', refusal: { reason, atMs } });
  }

  /** There is no webhook any more. */
  unwanted(state: AlertState): void {
    const alert = this.#inHand(state);
    if (alert !== undefined) this.#put({ ...alert, delivery: null, refusal: null });
  }

  #inHand({ id, state }: AlertState): Alert | undefined {
    const alert = this.find(id);
    return alert?.state === state && alert.delivery === 'queued' ? alert : undefined;
  }

  #put(alert: Alert): Alert {
    const alerts = inOrder([alert, ...this.#alerts.filter(({ id }) => id !== alert.id)]);
    writeAlerts(this.#home, alerts);
    this.#alerts = alerts;
    this.#changed(alert);
    return alert;
  }
}
