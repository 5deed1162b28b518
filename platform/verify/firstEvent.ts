/** The end of a deploy: one marked event, sent through the public ingress until it is taken, read back from the API. */
import type { VerifySpec } from '../model/blueprint.ts';
import { fillIn, newMark, sendMarkedEvents } from './markedEvents.ts';
import { createReadBack } from './readBack.ts';

export interface FirstEventOptions {
  readonly pipeline: string;
  readonly verify: VerifySpec;
  readonly ingressUrl: string;
  readonly apiUrl: string;
  readonly timeoutSeconds: number;
  readonly onWaiting: (text: string) => void;
}

/** Whether the event was seen at the API within the time, and at which millisecond since 1970. */
export async function passFirstEvent(options: FirstEventOptions): Promise<{ readonly seenAtMs: number | undefined }> {
  const { pipeline, verify, ingressUrl, apiUrl, timeoutSeconds, onWaiting } = options;
  const deadlineMs = performance.now() + timeoutSeconds * 1000;
  const mark = newMark(Date.now());
  let seenAtMs: number | undefined;
  const readBack = createReadBack({
    urlOf: (id) => new URL(fillIn(verify.readBackPath, encodeURIComponent(mark), encodeURIComponent(id)), apiUrl).href,
    watchEvery: 1,
    onSeen: () => {
      seenAtMs ??= Date.now();
    },
  });
  onWaiting('the ingress to take the first event');
  const plan = { pipeline, verify, mark, events: 1, ratePerSecond: 100, ingressUrl, patienceMs: timeoutSeconds * 1000 };
  await sendMarkedEvents(plan, {
    async acknowledged(ids, sentMs) {
      onWaiting('the first event at the API');
      readBack.expect(ids, sentMs);
    },
    retried: (reason) => onWaiting(`the ingress: ${reason}`),
  });
  await readBack.finish(deadlineMs);
  return { seenAtMs };
}
