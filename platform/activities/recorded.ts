/**
 * A pipeline's tasks are launched while its frameworks are being installed, each by a workflow of its own. What such a task is
 * started with (ports, identity) is known as soon as those workflows have recorded the installation: this waits for it.
 */
import { fail } from '../errors.ts';
import type { FrameworkName } from '../model/plan.ts';
import type { Records } from '../records/records.ts';

const lookMs = 50;
/** Within the time of a launch step. A framework that is just being removed for another deploy takes longest. */
const patienceMs = 45_000;

export interface Waiting {
  /** Rejects when the step is cancelled. */
  readonly pause: (ms: number) => Promise<void>;
  readonly waiting: (text: string) => void;
  readonly patienceMs?: number;
}

/**
 * Resolves when each framework's record names the pipeline among its users: an older record may be of an installation that
 * is about to go, with another identity. Throws NOT_INSTALLED after 45 s; rejects when the step is cancelled.
 */
export async function untilRecorded(
  records: Pick<Records, 'framework'>,
  pipeline: string,
  names: readonly FrameworkName[],
  { pause, waiting, ...bounds }: Waiting,
): Promise<void> {
  const isRecorded = (name: FrameworkName) => {
    const record = records.framework(name);
    return record !== undefined && record.state !== 'removing' && record.users.includes(pipeline);
  };
  for (let leftMs = bounds.patienceMs ?? patienceMs; ; leftMs -= lookMs) {
    const missing = names.filter((name) => !isRecorded(name));
    const [first] = missing;
    if (first === undefined) return;
    if (leftMs <= 0) fail('NOT_INSTALLED', { framework: first });
    waiting(`the installation of ${missing.join(', ')} to be recorded`);
    await pause(lookMs);
  }
}
