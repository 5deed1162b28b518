/** Marked events without a break: rounds of `verify`, the next one sent while the one before is still read back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { homeAt } from '../../platform/home.ts';
import { listMarks, readManifest } from '../../platform/verify/manifest.ts';
import type { VerifyResult } from '../../platform/verify/verify.ts';
import type { TestHome } from './cli.ts';

/** One round is sent in 20 s, if nobody is killed. */
export const roundEvents = 5000;
const ratePerSecond = 250;
/** Of a round that is said to be sent, so many are left to be sent: 6 s of them. */
const leftToSend = 1500;

export interface Rounds {
  /** Resolves while a round is being sent: some of it is acknowledged, and much is not. Throws what a round failed with. */
  sending(): Promise<void>;
  /** Acknowledged of the newest round, which has `roundEvents`. */
  acknowledged(): Promise<number>;
  /** Begins no other round; every round's result. */
  end(): Promise<readonly VerifyResult[]>;
}

export function sendRounds(home: TestHome, pipeline: string): Rounds {
  const { verifyDir } = homeAt(home.path);
  const rounds: Promise<VerifyResult>[] = [];
  let ended = false;
  let failure: { readonly thrown: unknown } | undefined;

  const newest = async () => (await listMarks(verifyDir)).at(-1);
  /** Acknowledged of the newest run, if it began after `former`. */
  async function sent(former: string | undefined): Promise<number> {
    const mark = await newest();
    if (mark === undefined || mark === former) return 0;
    // Its first line is being written.
    const manifest = await readManifest(verifyDir, mark).catch(() => undefined);
    return manifest?.acknowledged.length ?? 0;
  }

  async function round(): Promise<void> {
    const former = await newest();
    const args = ['--events', String(roundEvents), '--rate', String(ratePerSecond), '--timeout', '240'];
    const verifying = home.json<VerifyResult>('verify', pipeline, ...args);
    rounds.push(verifying);
    let isOver = false;
    void verifying.catch((thrown) => (failure ??= { thrown })).finally(() => (isOver = true));
    while (!isOver && (await sent(former)) < roundEvents) await sleep(200);
  }

  const first = newest();
  const acknowledged = async () => sent(await first);
  const all = first.then(async () => {
    while (!ended && failure === undefined) await round();
  });
  return {
    acknowledged,
    async sending() {
      for (;;) {
        if (failure) throw failure.thrown;
        const count = await acknowledged();
        if (count > 0 && count < roundEvents - leftToSend) return;
        await sleep(100);
      }
    },
    async end() {
      ended = true;
      await all;
      return Promise.all(rounds);
    },
  };
}
