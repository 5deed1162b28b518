/**
 * `millrace verify`: marked events go in through the public ingress, and each that was acknowledged must come out of the
 * public API, once. What was acknowledged is on record, so that a run can be checked again after servers were killed.
 */
import { MillraceError } from '../errors.ts';
import type { VerifySpec } from '../model/blueprint.ts';
import { countAll } from './doubtful.ts';
import { createManifest, readManifest } from './manifest.ts';
import { eventId, fillIn, newMark, sendMarkedEvents } from './markedEvents.ts';
import { createReadBack, type ReadBack } from './readBack.ts';

export interface VerifyOptions {
  readonly pipeline: string;
  readonly verify: VerifySpec;
  /** Base URLs. */
  readonly ingressUrl: string;
  readonly apiUrl: string;
  readonly events: number;
  readonly ratePerSecond: number;
  /** How long after the last acknowledgement the events may take; also how long the ingress may refuse without a break. */
  readonly timeoutSeconds: number;
  readonly verifyDir: string;
  readonly onProgress?: (progress: VerifyProgress) => void;
}

export interface RecheckOptions {
  readonly mark: string;
  readonly apiUrl: string;
  readonly timeoutSeconds: number;
  readonly verifyDir: string;
  readonly onProgress?: (progress: VerifyProgress) => void;
}

export interface VerifyProgress {
  readonly phase: 'sending' | 'reading' | 'counting';
  readonly events: number;
  readonly acknowledged: number;
  readonly read: number;
  /** The newest reason for which something had to be tried again, or ''. */
  readonly waitingFor: string;
}

/** The documented shape of `millrace verify --json`. */
export interface VerifyResult {
  readonly pipeline: string;
  readonly mark: string;
  readonly sent: number;
  readonly acknowledged: number;
  /** Sent without a known end: the run gave up on them. They may be stored, and do not count as lost. */
  readonly unacknowledged: number;
  /** Of these, the ones that the API answered with in the end: they are stored, and must be counted once. */
  readonly unacknowledgedRead: number;
  /** Acknowledged events that the API answered with. */
  readonly read: number;
  readonly lost: number;
  /** By how many the aggregation counted more events than are stored. */
  readonly duplicated: number;
  /** What the aggregation counted, and how many stored events it has not counted. */
  readonly counted: number;
  readonly countMissing: number;
  /** Batches that had to be sent again. */
  readonly retries: number;
  /** From the first attempt to send until the API had the event, of `samples` watched events; null without any. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number } | null;
  readonly samples: number;
  readonly elapsedSeconds: number;
  /** An event of the run that is traced: `millrace trace PIPELINE --id ID`. */
  readonly tracedEventId: string;
  /** The first 20. */
  readonly missingIds: readonly string[];
  readonly ok: boolean;
}

const watchesPerSecond = 25;
const wantedSamples = 200;

/** Throws VERIFY_NOTHING_ACCEPTED, INVALID_BLUEPRINT. Events that are lost are told in the result: see `verifyFailure`. */
export async function runVerify(options: VerifyOptions): Promise<VerifyResult> {
  const { pipeline, verify, events, ratePerSecond, timeoutSeconds, ingressUrl } = options;
  const startMs = performance.now();
  const mark = newMark(Date.now());
  const startedAt = new Date().toISOString();
  const manifest = await createManifest(options.verifyDir, { pipeline, mark, verify, events, startedAt });
  const report = reporter(options.onProgress, events);
  const watchEvery = Math.max(
    1,
    Math.min(Math.ceil(ratePerSecond / watchesPerSecond), Math.floor(events / wantedSamples)),
  );
  const readBack = createReadBack({
    urlOf: readBackUrl(options.apiUrl, verify, mark),
    watchEvery,
    onSeen: report.seen,
  });
  const plan = { pipeline, verify, mark, events, ratePerSecond, ingressUrl, patienceMs: timeoutSeconds * 1000 };
  const sending = await sendMarkedEvents(plan, {
    async acknowledged(ids, sentMs) {
      await manifest.acknowledged(ids);
      report.acknowledged(ids.length);
      readBack.expect(ids, sentMs);
    },
    retried: report.retried,
  });
  const { acknowledged, retries } = report.totals;
  if (acknowledged === 0)
    throw new MillraceError('VERIFY_NOTHING_ACCEPTED', { pipeline, timeoutSeconds, reason: sending.reason });
  const check = { ...options, mark, startMs, acknowledged, unacknowledged: sending.unacknowledged, retries };
  return conclude({ ...check, sent: sending.sent }, readBack, report);
}

/** Reads the acknowledged events of an earlier run back once more. Throws UNKNOWN_VERIFY_RUN, CORRUPT_STATE, FOREIGN_STATE. */
export async function recheckVerify(options: RecheckOptions): Promise<VerifyResult> {
  const { mark, apiUrl } = options;
  const startMs = performance.now();
  const { pipeline, verify, events, acknowledged: ids } = await readManifest(options.verifyDir, mark);
  const report = reporter(options.onProgress, ids.length);
  const readBack = createReadBack({ urlOf: readBackUrl(apiUrl, verify, mark), watchEvery: 1, onSeen: report.seen });
  report.acknowledged(ids.length);
  readBack.expect(ids, undefined);
  const unacknowledged = events - ids.length;
  const totals = { sent: events, acknowledged: ids.length, unacknowledged, retries: 0 };
  return conclude({ ...options, pipeline, verify, startMs, ...totals }, readBack, report);
}

/** The error that a result amounts to; undefined when every acknowledged event was read, and counted once. */
export function verifyFailure(result: VerifyResult, timeoutSeconds: number): MillraceError | undefined {
  if (result.ok) return undefined;
  const missing = result.missingIds.length === 0 ? 'none' : result.missingIds.slice(0, 5).join(', ');
  return new MillraceError('VERIFY_LOST', { ...result, missing, timeoutSeconds });
}

interface Check {
  readonly pipeline: string;
  readonly verify: VerifySpec;
  readonly mark: string;
  readonly apiUrl: string;
  readonly timeoutSeconds: number;
  readonly startMs: number;
  readonly sent: number;
  readonly acknowledged: number;
  readonly unacknowledged: number;
  readonly retries: number;
}

async function conclude(check: Check, readBack: ReadBack, report: Reporter): Promise<VerifyResult> {
  const { pipeline, mark, sent, acknowledged, unacknowledged, retries } = check;
  const deadlineMs = performance.now() + check.timeoutSeconds * 1000;
  report.phase('reading');
  await readBack.finish(deadlineMs);
  report.phase('counting');
  const countUrl = new URL(fillIn(check.verify.countPath, encodeURIComponent(mark), ''), check.apiUrl).href;
  const urlOf = readBackUrl(check.apiUrl, check.verify, mark);
  const { counted, unacknowledgedRead } = await countAll({
    ...{ mark, acknowledged, unacknowledged, urlOf, countUrl, deadlineMs },
  });
  const missingIds = [...readBack.missing];
  const lost = missingIds.length;
  const stored = acknowledged + unacknowledgedRead;
  const duplicated = Math.max(0, counted - stored);
  const countMissing = Math.max(0, stored - counted);
  return {
    pipeline,
    mark,
    sent,
    acknowledged,
    unacknowledged,
    unacknowledgedRead,
    read: acknowledged - lost,
    lost,
    duplicated,
    counted,
    countMissing,
    retries,
    latencyMs: quantiles(readBack.latenciesMs),
    samples: readBack.latenciesMs.length,
    elapsedSeconds: Math.round(performance.now() - check.startMs) / 1000,
    tracedEventId: eventId(mark, 0),
    missingIds: missingIds.slice(0, 20),
    ok: lost === 0 && duplicated === 0 && countMissing === 0,
  };
}

function readBackUrl(apiUrl: string, verify: VerifySpec, mark: string): (id: string) => string {
  return (id) => new URL(fillIn(verify.readBackPath, encodeURIComponent(mark), encodeURIComponent(id)), apiUrl).href;
}

/** Nearest rank, rounded to a tenth of a millisecond. */
function quantiles(latenciesMs: readonly number[]): VerifyResult['latencyMs'] {
  if (latenciesMs.length === 0) return null;
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const at = (q: number) => Math.round(sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)]! * 10) / 10;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

interface Reporter {
  readonly totals: { acknowledged: number; retries: number };
  acknowledged(count: number): void;
  seen(): void;
  retried(reason: string): void;
  phase(phase: VerifyProgress['phase']): void;
}

function reporter(onProgress: VerifyOptions['onProgress'], events: number): Reporter {
  const totals = { acknowledged: 0, retries: 0 };
  let [phase, read, waitingFor]: [VerifyProgress['phase'], number, string] = ['sending', 0, ''];
  const tell = () => onProgress?.({ phase, events, acknowledged: totals.acknowledged, read, waitingFor });
  return {
    totals,
    acknowledged(count) {
      totals.acknowledged += count;
      waitingFor = '';
      tell();
    },
    seen() {
      read += 1;
      tell();
    },
    retried(reason) {
      totals.retries += 1;
      waitingFor = reason;
      tell();
    },
    phase(next) {
      phase = next;
      tell();
    },
  };
}
