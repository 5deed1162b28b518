/** Asks the API of this home, for what only its process knows or may write. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ResponseOf, type Route, type RouteName, routes } from '../api/contract/routes.ts';
import { createCredentials } from '../api/credentials.ts';
import { firstDeployMostMs, isDeployAnnounced, isFirstDeploy } from '../api/firstDeploy.ts';
import { createProcessDriver } from '../cluster/process/driver.ts';
import { consoleUrl } from '../control/consoleUrl.ts';
import { fail, isErrorCode, MillraceError } from '../errors.ts';
import { apiTask } from '../model/controlPlane.ts';
import { createRecords } from '../records/records.ts';
import type { Session } from './session.ts';

const answerWithinMs = 10_000;
const patienceMs = 20_000;

/**
 * Waits for it to answer, where its process runs: the link is for our API only. A home's first deploy is waited for as the API waits
 * for it, and told, once.
 * Throws CONTROL_PLANE_DOWN.
 */
export async function runningConsole({ home, progress }: Session): Promise<string> {
  const url = consoleUrl(home) ?? fail('CONTROL_PLANE_DOWN', { reason: 'it was never started in this home' });
  const driver = createProcessDriver(home);
  const records = createRecords(home);
  const startMs = Date.now();
  let endMs = startMs + patienceMs;
  let isTold = false;
  for (;;) {
    const status = await driver.status(apiTask);
    if (status?.phase === 'running' && (await isThere(url))) return url;
    if (isDeployAnnounced(home) && isFirstDeploy(records) && Date.now() - startMs < firstDeployMostMs) {
      endMs = Date.now() + patienceMs;
      if (!isTold) progress(waitsForDeploy);
      isTold = true;
    }
    const isComing = status?.phase === 'running' || status?.phase === 'backoff';
    if (!isComing || Date.now() > endMs) {
      fail('CONTROL_PLANE_DOWN', {
        reason: `${apiTask} is ${status?.phase ?? 'not there'} ${status?.reason ?? ''}`.trim(),
      });
    }
    await sleep(100);
  }
}

const waitsForDeploy =
  'This home deploys its first pipeline, which has the cores for itself: the console answers when that has ended, after two minutes at the latest. Waiting for it …';

async function isThere(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}healthz`, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

/** Throws CONTROL_PLANE_DOWN, and what the API refuses it for. `params`: of the path. */
export async function askApi<N extends RouteName>(
  session: Session,
  name: N,
  { params, body }: { readonly params: Readonly<Record<string, string>>; readonly body: object },
): Promise<ResponseOf<N>> {
  const url = await runningConsole(session);
  const { method, path }: Route = routes[name];
  const filled = path.replaceAll(/:(\w+)/g, (_, parameter: string) => encodeURIComponent(params[parameter] ?? ''));
  const response = await fetch(new URL(filled, url), {
    method,
    headers: {
      authorization: `Bearer ${createCredentials(session.home.apiDir).bearer()}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(answerWithinMs),
  }).catch((thrown: Error) =>
    fail('CONTROL_PLANE_DOWN', { reason: `${apiTask} does not answer (${thrown.message})` }, thrown),
  );
  const answer = (await response.json().catch(() => ({}))) as { readonly error?: { code: string; details?: object } };
  if (response.ok) return routes[name].response.parse(answer) as ResponseOf<N>;
  const { code = '', details = {} } = answer.error ?? {};
  if (isErrorCode(code)) throw new MillraceError(code, { ...details });
  return fail('CONTROL_PLANE_DOWN', { reason: `${apiTask} answers ${response.status}` });
}
