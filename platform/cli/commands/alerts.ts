import type { Command } from 'commander';
import type { Alert, ObjectiveStatus } from '../../api/contract/pipelines.ts';
import { fail } from '../../errors.ts';
import { readAlerts } from '../../jobs/alertFile.ts';
import { type KeptBudgets, readBudgets } from '../../jobs/budgetFile.ts';
import { isNews } from '../../jobs/owed.ts';
import { startReceiver } from '../../jobs/receiver.ts';
import { readWebhook, shownUrl, signingSecret, signingSecretFile } from '../../jobs/webhook.ts';
import { pipelineName } from '../../model/names.ts';
import { objectivesOf } from '../../model/objective.ts';
import type { PipelineRecord } from '../../model/records.ts';
import { ObjectiveTracker } from '../../objectives/tracker.ts';
import { createRecords, namesOf } from '../../records/records.ts';
import { answer, columns, createSession, type Session } from '../session.ts';
import { wholeNumber } from '../settings.ts';

const defaultPort = 18_080;
/** Budgets are written every ten seconds while somebody watches. */
const unwatchedAfterMs = 60_000;

/** The documented shape of `millrace alerts --json`. Read from the home: it is there when the API is not. */
export interface AlertList {
  /** Where alerts are sent, without path and query; null: nowhere. */
  readonly webhook: string | null;
  /** ISO-8601: when the pipelines were last looked at; null: never. */
  readonly watchedAt: string | null;
  readonly alerts: readonly Alert[];
  readonly objectives: readonly (ObjectiveStatus & { readonly pipeline: string })[];
}

export function addAlerts(program: Command): void {
  const alerts = program
    .command('alerts')
    .argument('[pipeline]')
    .description('alerts that fire and that fired, and the error budgets of the objectives')
    .option('--json', 'print JSON')
    .action((pipeline: string | undefined, options) => {
      const session = createSession(options);
      answer(session, read(session, pipeline), (list) => render(list, Date.now()));
    });
  alerts
    .command('receive')
    .description('a receiver for trying: prints the alerts that come, after checking their signature')
    .option('--port <n>', 'where to listen, on loopback', wholeNumber('--port', 1, 65_535, 'alerts'), defaultPort)
    .action((options) => receive(createSession({}), options.port));
}

function read({ home }: Session, name: string | undefined): AlertList {
  if (name !== undefined) pipelineName(name);
  const read = createRecords(home).readablePipelines();
  const isWanted = ({ pipeline }: { readonly pipeline: string }) => name === undefined || pipeline === name;
  for (const { error } of read.unreadable.filter((each) => each.pipeline === name)) throw error;
  const wanted = read.records.filter(isWanted);
  const alerts = readAlerts(home).filter(isWanted);
  if (name !== undefined && wanted.length === 0 && alerts.length === 0) {
    fail('UNKNOWN_PIPELINE', { name, known: namesOf(read) });
  }
  const webhook = readWebhook(home);
  const kept = wanted.map((record) => ({ record, budgets: readBudgets(home, record.pipeline) }));
  const watchedMs = Math.max(0, ...kept.map(({ budgets }) => budgets?.savedMs ?? 0));
  return {
    webhook: webhook === undefined ? null : shownUrl(webhook.url),
    watchedAt: watchedMs === 0 ? null : new Date(watchedMs).toISOString(),
    alerts,
    objectives: kept.flatMap(({ record, budgets }) => statuses(record, budgets)),
  };
}

/** As of when they were written. */
function statuses({ pipeline, plan }: PipelineRecord, budgets: KeptBudgets | undefined): AlertList['objectives'] {
  return Object.entries(objectivesOf(plan.spec)).map(([name, spec]) => {
    const tracker = new ObjectiveTracker(name, spec, budgets?.objectives[name]);
    return { pipeline, ...tracker.status(budgets?.savedMs ?? 0) };
  });
}

function render({ webhook, watchedAt, alerts, objectives }: AlertList, nowMs: number): string {
  const lines = alerts.map((alert) => {
    const { state, severity, sinceMs, resolvedMs, text, next } = alert;
    const since = new Date(sinceMs).toISOString();
    const until = resolvedMs === null ? '' : ` to ${new Date(resolvedMs).toISOString()}`;
    const todo = state === 'firing' ? `\n  Next: ${next}` : '';
    return `${state.toUpperCase()} ${severity} since ${since}${until}${deliveryOf(alert, nowMs)}\n  ${text}${todo}`;
  });
  if (lines.length === 0) lines.push('No alert has fired.');
  const rows = objectives.map(({ pipeline, name, text }) => [pipeline, name, text]);
  if (rows.length > 0) lines.push('', columns(rows));
  lines.push('', webhook === null ? 'Sent nowhere: millrace up --alert-webhook URL' : `Sent to ${webhook}`);
  const watched = watchedAt === null ? undefined : Date.parse(watchedAt);
  if (watched === undefined || nowMs - watched > unwatchedAfterMs) {
    lines.push(`Nobody watches now (last: ${watchedAt ?? 'never'}). Next: millrace up`);
  }
  return lines.join('\n');
}

function deliveryOf(alert: Alert, nowMs: number): string {
  const { delivery, refusal, rounds } = alert;
  if (delivery === null) return '';
  const said = `; webhook: ${delivery}`;
  if (refusal === null) return said;
  const why = `${refusal.reason}, ${new Date(refusal.atMs).toISOString()}`;
  if (delivery !== 'failed') return `${said} (${why})`;
  const times = rounds > 1 ? `, given up ${rounds} times` : '';
  const failed = `${said} (${why}${times})`;
  // An end that is no news any more is not sent, whatever is set.
  if (!isNews(alert, nowMs)) return failed;
  return `${failed}\n  Not taken. Next: mend the receiver, then millrace up --alert-webhook URL, which tries at once`;
}

/** Ends with Ctrl-C. Throws PORT_TAKEN. */
async function receive(session: Session, port: number): Promise<void> {
  const { home } = session;
  const server = await startReceiver({
    port,
    secret: () => signingSecret(home),
    now: Date.now,
    received: ({ event: { id, time, data }, isRepeated }) => {
      const again = isRepeated ? ' (again)' : '';
      session.print(
        `${time} ${data.state.toUpperCase()} ${data.severity}${again} ${data.text}\n  id ${id}, signature good`,
      );
    },
    refused: (reason) => session.print(`refused: ${reason}`),
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    const details = { port, address: '127.0.0.1', owner: 'another process', task: 'alerts receive' };
    return fail('PORT_TAKEN', details, error);
  });
  session.progress(`listening at http://127.0.0.1:${port}; secret: ${signingSecretFile(home)}`);
  session.progress(`Next: millrace up --alert-webhook http://127.0.0.1:${port}`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
  });
  server.closeAllConnections();
  server.close();
}
