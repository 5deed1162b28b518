/** The alerts that are known, in memory and on disk alike: a change is on disk before anybody hears of it. */
import type { Alert } from '../api/contract/pipelines.ts';
import type { Home } from '../home.ts';
import { inOrder, readAlerts, writeAlerts } from './alertFile.ts';

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

  /** Adds an alert, or takes the place of the one of its id. Throws STATE_UNAVAILABLE; then nothing has changed. */
  put(alert: Alert): Alert {
    const alerts = inOrder([alert, ...this.#alerts.filter(({ id }) => id !== alert.id)]);
    writeAlerts(this.#home, alerts);
    this.#alerts = alerts;
    this.#changed(alert);
    return alert;
  }

  /** Notes what became of the delivery of one state of an alert; of a state that is over by now, nothing. */
  mark({ id, state }: Pick<Alert, 'id' | 'state'>, delivery: Alert['delivery']): void {
    const alert = this.find(id);
    if (alert === undefined || alert.state !== state || alert.delivery === delivery) return;
    this.put({ ...alert, delivery });
  }
}
